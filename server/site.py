"""What a node has beside its rooms: every URL of a page on one screen, and what pages may ask.

Imported when it is first needed: see ``server/app.py``.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from server.accounts import Accounts
from server.activities import Activities
from server.activity_turns import ActivityTurns
from server.archive import Archive
from server.asking import Asking
from server.change_log import ChangeLogs
from server.conversations import Conversations
from server.coverage import Coverages
from server.declining import Declining
from server.employee import Employees
from server.former import Formers
from server.freezing import Freezing
from server.handover import Handovers
from server.handover_answers import HandoverAnswers
from server.invitations import Invitations
from server.letter_choices import LetterChoices
from server.letters import Letters
from server.meetings import Meetings
from server.new_activities import NewActivities
from server.notes import Notes
from server.overview import Overviews
from server.own_data.making import Maker, OwnData
from server.pages import (
    activities,
    activity,
    archive,
    asking,
    changes,
    conversation,
    coverage,
    declining,
    employee,
    former,
    freezing,
    guidance,
    handover,
    invitations,
    language,
    mailbox,
    meetings,
    my_data,
    my_password,
    my_sessions,
    notes,
    offline,
    planning,
    policy,
    preparing,
    records,
    reminders,
    reopening,
    retention,
    sharing,
    sign_in,
    signing,
    staff,
    stand_ins,
    start,
    to_reassign,
)
from server.pages.addresses import ARCHIVE
from server.pages.assets import Assets, read_assets
from server.pages.catalogues import read_catalogues
from server.pages.context import Features, Pages
from server.pages.letters_view import writer
from server.pages.own_data_view import BundleWriter
from server.pages.rendering import Rendering
from server.pages.static_files import ServiceWorker
from server.planning import Planning
from server.policy import Policies
from server.preparing import Preparing
from server.records import Records
from server.reopening import Reopening
from server.rules.errors import Refusal
from server.settings import Settings
from server.sharing import Sharing
from server.signing import Signing
from server.stand_ins import StandIns
from server.start import Starts
from server.templates import Templates
from server.to_reassign import ToReassign

if TYPE_CHECKING:
    from server.app import Node
    from server.mail import Write
    from server.record.sealing import OrganisationSeal

WEB = Path(__file__).parent.parent / "web"


@dataclass(frozen=True, slots=True)
class Site:
    """One of a node."""

    features: Features
    pages: Pages
    app: Starlette
    """The pages at their addresses, without what stands before every request."""
    maker: Maker
    write_letter: "Write"

    def refused(self, scope: Scope, refusal: Refusal) -> ASGIApp:
        """Make the page that tells somebody why the request was not carried out."""
        return self.pages.refused(Request(scope), refusal)


def make_site(node: "Node") -> Site:
    """Raises AssetsMissing when the client has not been built."""
    features = _features(node)
    pages = Pages(features, rendering(WEB))
    catalogues, address = read_catalogues(WEB / "locales"), node.settings.address
    return Site(
        features=features,
        pages=pages,
        app=_application(pages),
        maker=Maker(node.database, node.clock, features.records.seal, bundle_writer(node.settings)),
        write_letter=writer(catalogues, address, features.templates.get, features.records.unsealed_paper),
    )


def _features(node: "Node") -> Features:
    database, clock, seals = node.database, node.clock, node.seals or _seal
    accounts = Accounts(database, clock, demo=node.settings.demo)
    return Features(
        database=database,
        accounts=accounts,
        sessions=node.sessions,
        conversations=Conversations(database, clock),
        starts=Starts(database, clock),
        overviews=Overviews(database, clock),
        employees=Employees(database, clock),
        sharing=Sharing(database, clock),
        documents=node.documents,
        templates=Templates(database, clock),
        activities=Activities(database, clock),
        new_activities=NewActivities(database, clock),
        activity_turns=ActivityTurns(database, clock),
        archive=Archive(database, clock),
        notes=Notes(database, clock),
        preparing=Preparing(database, clock),
        invitations=Invitations(database, clock),
        declining=Declining(database, clock),
        meetings=Meetings(database, clock),
        planning=Planning(database, clock),
        asking=Asking(database, clock),
        handovers=Handovers(database, clock),
        handover_answers=HandoverAnswers(database, clock),
        formers=Formers(database, clock),
        to_reassign=ToReassign(database),
        freezing=Freezing(database, clock, seals),
        signing=Signing(database, clock, accounts, seals),
        reopening=Reopening(database, clock),
        records=Records(database, clock, seals),
        change_logs=ChangeLogs(database, clock),
        stand_ins=StandIns(database, clock),
        policies=Policies(database, clock),
        coverages=Coverages(database, clock),
        letters=Letters(database, clock),
        letter_choices=LetterChoices(database),
        own_data=OwnData(database, clock, node.make_own_data_now),
        keeping=node.keeping,
        rooms=node.rooms,
        settings=node.settings,
        clock=clock,
    )


def _seal(connection: Connection, now: datetime) -> "OrganisationSeal":
    """Imports what seals when something is sealed."""
    from server.record.sealing import seal

    return seal(connection, now)


def _application(pages: Pages) -> Starlette:
    for_person, for_anyone = pages.for_person, pages.for_anyone
    of_conversation, of_pane = "/conversations/{id}", "/conversations/{id}/panes/{pane}"
    of_guest = "/conversations/{id}/guests/{person}"
    of_former = "/conversations/{id}/former/{handover}/{pane}"
    of_record = "/conversations/{id}/records/{version}"
    of_activity = "/people/{person}/activities/{activity}"
    app = Starlette(
        routes=[
            Route("/", for_person(start.show)),
            Route("/staff", for_person(staff.show)),
            Route("/people/{person}", for_person(employee.show)),
            Route("/sign-in", for_anyone(sign_in.show)),
            Route("/sign-in", for_anyone(sign_in.sign_in), methods=["POST"]),
            Route("/sign-out", for_person(sign_in.sign_out), methods=["POST"]),
            Route("/sessions", for_person(my_sessions.show)),
            Route("/sessions", for_person(my_sessions.end), methods=["POST"]),
            Route(my_password.ADDRESS, for_person(my_password.show)),
            Route(my_password.ADDRESS, for_person(my_password.change), methods=["POST"]),
            Route("/guidance", for_person(guidance.show)),
            Route("/notes", for_person(notes.show)),
            Route("/notes", for_person(notes.begin), methods=["POST"]),
            Route("/notes/{note}", for_person(notes.write)),
            Route("/notes/{note}/throw-away", for_person(notes.throw_away), methods=["POST"]),
            Route("/mailbox", for_person(mailbox.show)),
            Route("/mailbox/{letter}/material.pdf", for_person(mailbox.material)),
            Route("/mailbox/{letter}/event.ics", for_person(mailbox.event)),
            Route("/reminders", for_person(reminders.show)),
            Route("/reminders", for_person(reminders.choose), methods=["POST"]),
            Route("/language", for_anyone(language.choose), methods=["POST"]),
            Route("/conversations/ask", for_person(asking.show)),
            Route("/conversations/ask", for_person(asking.ask), methods=["POST"]),
            Route("/requests/{request}", for_person(asking.read)),
            Route("/requests/{request}/decline", for_person(asking.decline), methods=["POST"]),
            Route("/requests/{request}/take-back", for_person(asking.take_back), methods=["POST"]),
            Route("/people/{person}/conversations/new", for_person(planning.show)),
            Route("/people/{person}/conversations/new", for_person(planning.make), methods=["POST"]),
            Route(handover.TO_REASSIGN, for_person(to_reassign.show)),
            Route(of_conversation, for_person(conversation.show)),
            Route(f"{of_conversation}/changes", for_person(changes.show)),
            Route(f"{of_pane}/preview", for_person(conversation.preview)),
            Route(f"{of_pane}/share", for_person(sharing.share), methods=["POST"]),
            Route(f"{of_pane}/withdraw", for_person(sharing.withdraw), methods=["POST"]),
            Route(f"{of_pane}/open", for_person(sharing.open_pane), methods=["POST"]),
            Route(f"{of_conversation}/freeze", for_person(freezing.freeze), methods=["POST"]),
            Route(f"{of_conversation}/sign", for_person(signing.sign), methods=["POST"]),
            Route(f"{of_conversation}/complete", for_person(freezing.ask_complete)),
            Route(f"{of_conversation}/complete", for_person(freezing.complete), methods=["POST"]),
            Route(f"{of_conversation}/reopen", for_person(reopening.ask)),
            Route(f"{of_conversation}/reopen", for_person(reopening.reopen), methods=["POST"]),
            Route(f"{of_conversation}/decline", for_person(declining.ask_decline)),
            Route(f"{of_conversation}/decline", for_person(declining.decline), methods=["POST"]),
            Route(f"{of_conversation}/cancel", for_person(declining.ask_cancel)),
            Route(f"{of_conversation}/cancel", for_person(declining.cancel), methods=["POST"]),
            Route(f"{of_conversation}/responsible", for_person(handover.ask)),
            Route(f"{of_conversation}/responsible", for_person(handover.hand_over), methods=["POST"]),
            Route(f"{of_conversation}/handover", for_person(handover.asked)),
            Route(f"{of_conversation}/handover", for_person(handover.answer), methods=["POST"]),
            Route(f"{of_conversation}/former", for_person(former.show)),
            Route(f"{of_former}.pdf", for_person(former.paper)),
            Route(f"{of_former}/remove", for_person(former.remove), methods=["POST"]),
            Route(f"{of_conversation}/prepare", for_person(preparing.show)),
            Route(f"{of_conversation}/prepare", for_person(preparing.tick), methods=["POST"]),
            Route(f"{of_conversation}/prepare/read", for_person(preparing.confirm_read), methods=["POST"]),
            Route(f"{of_conversation}/prepare/note", for_person(preparing.note), methods=["POST"]),
            Route(f"{of_conversation}/questions.pdf", for_person(preparing.material)),
            Route(f"{of_conversation}/meeting", for_person(meetings.ask)),
            Route(f"{of_conversation}/meeting", for_person(meetings.move), methods=["POST"]),
            Route(f"{of_conversation}/guests", for_person(invitations.show)),
            Route(f"{of_conversation}/guests", for_person(invitations.invite), methods=["POST"]),
            Route(f"{of_guest}/agree", for_person(invitations.agree), methods=["POST"]),
            Route(f"{of_guest}/end", for_person(invitations.end), methods=["POST"]),
            Route(f"{of_guest}/writing", for_person(invitations.let_write), methods=["POST"]),
            Route(f"{of_conversation}/invitation", for_person(invitations.show_own)),
            Route(f"{of_conversation}/invitation", for_person(invitations.accept), methods=["POST"]),
            Route(f"{of_conversation}/draft.pdf", for_person(records.draft)),
            Route(f"{of_conversation}/record", for_person(records.newest)),
            Route(f"{of_record}.pdf", for_person(records.pdf)),
            Route(f"{of_record}.zip", for_person(records.packed)),
            Route(f"{of_record}/receipt", for_person(records.receipt)),
            Route(of_record, for_person(records.show)),
            Route(records.KEY_ADDRESS, for_anyone(records.key)),
            Route("/my-data", for_person(my_data.show)),
            Route("/my-data", for_person(my_data.ask), methods=["POST"]),
            Route("/my-data/{bundle}.zip", for_person(my_data.download)),
            Route("/my-data/{bundle}/delete", for_person(my_data.throw_away), methods=["POST"]),
            Route("/retention", for_person(retention.show)),
            Route("/retention/people", for_person(retention.find)),
            Route("/retention/people/{person}", for_person(retention.person)),
            Route("/retention/people/{person}/hold", for_person(retention.hold_person), methods=["POST"]),
            Route("/retention/people/{person}/erase", for_person(retention.erase_person), methods=["POST"]),
            Route(
                "/retention/people/{person}/conversations/{conversation}/erase",
                for_person(retention.erase_conversation),
                methods=["POST"],
            ),
            Route("/retention/holds/{hold}/lift", for_person(retention.lift), methods=["POST"]),
            Route("/kept", for_person(offline.kept)),
            Route("/offline", for_anyone(offline.offline)),
            Route(coverage.ADDRESS, for_person(coverage.show)),
            Route(f"{coverage.ADDRESS}/figures.csv", for_person(coverage.figures)),
            Route(f"{coverage.ADDRESS}/people.csv", for_person(coverage.people)),
            Route(policy.ADDRESS, for_person(policy.show)),
            Route(policy.ADDRESS, for_person(policy.change), methods=["POST"]),
            Route(stand_ins.ADDRESS, for_person(stand_ins.show)),
            Route(stand_ins.ADDRESS, for_person(stand_ins.name), methods=["POST"]),
            Route(f"{stand_ins.ADDRESS}/{{delegation}}/end", for_person(stand_ins.end), methods=["POST"]),
            Route("/activities", for_person(activities.own)),
            Route("/people/{person}/activities", for_person(activities.show)),
            Route("/people/{person}/activities/new", for_person(activities.ask)),
            Route("/people/{person}/activities/new", for_person(activities.add), methods=["POST"]),
            Route(of_activity, for_person(activity.show)),
            Route(f"{of_activity}/changes", for_person(changes.show_activity)),
            Route(f"{of_activity}/comments", for_person(activity.comment), methods=["POST"]),
            Route(f"{of_activity}/complete", for_person(activity.complete), methods=["POST"]),
            Route(f"{of_activity}/cancel", for_person(activity.ask_cancel)),
            Route(f"{of_activity}/cancel", for_person(activity.cancel), methods=["POST"]),
            Route(f"{of_activity}/take-up", for_person(activity.take_up), methods=["POST"]),
            Route(ARCHIVE, for_person(archive.show)),
            Route(ARCHIVE, for_person(archive.bring), methods=["POST"]),
            Route("/service-worker.js", for_anyone(ServiceWorker(WEB / "static"))),
        ],
        exception_handlers={404: pages.missing, 500: pages.broken},
    )
    # An address with one slash too many would be led to whatever host the request names.
    app.router.redirect_slashes = False
    return app


@cache
def rendering(web: Path) -> Rendering:
    """What all pages are made with; once in a process, so that each template is compiled once."""
    return Rendering(web / "templates", read_catalogues(web / "locales"), read_assets(web / "static"))


def bundle_writer(settings: Settings) -> BundleWriter:
    """Who words what people get about themselves."""
    return BundleWriter(_lonely_rendering(WEB), settings.address)


@cache
def _lonely_rendering(web: Path) -> Rendering:
    """For pages that stand alone: none of them has an icon."""
    return Rendering(web / "templates", read_catalogues(web / "locales"), Assets({"icons.svg": ""}))
