"""What to prepare a conversation with, on one page for each party (F76–F92, F113–F120, F147–F151).

Advice to tick off, the questions, the goals of the unit, what was agreed last time, and a note to oneself.
"""

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from server import advice
from server.conversations import Conversation
from server.letter_format import Material
from server.pages import activities_view, failures, live_page, material_view, notes_view, turns, words
from server.pages.context import PersonVisit
from server.pages.downloads import download
from server.pages.forms import read_form
from server.pages.heading import meeting_of, zone
from server.pages.rendering import View
from server.preparing import Preparation
from server.rules.access import Action
from server.template.words import Party

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of advice, to be ticked off."""

    id: str
    sentence: str
    is_done: bool


async def show(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/prepare."""
    desk = await visit.features.preparing.see(visit.actor, turns.id_of(visit))
    prepared, conversation = desk.preparation, desk.preparation.conversation
    view = visit.view(zone(conversation))
    note, text = desk.note or (None, None)
    return visit.page(
        view,
        "preparing/page.html",
        id=conversation.id,
        other=conversation.other(visit.me.id),
        name=conversation.template.name.to(view.locale),
        meeting=meeting_of(conversation, view),
        items=_items(prepared, visit, view),
        reading=_reading(prepared, visit, view),
        must_read=prepared.read_at is None and _is_asked_to_read(conversation, visit),
        goals=[goal[view.locale] for goal in desk.goals],
        activities=activities_view.review(desk.activities, view),
        note=note,
        text=text,
        is_employee=visit.me.id == conversation.employee.id,
        may_decline=conversation.may(visit.actor, Action.DECLINE),
        island=live_page.island(
            view,
            notes_view.shown(visit.me),
            path=f"/conversations/{conversation.id}/prepare",
            about=note.name if note else conversation.id,
            turn=note.id if note else "",
            documents={notes_view.DOCUMENT: (note.name, True)} if note else {},
            instead=words.AT_AN_ACTIVITY,
        ),
    )


async def tick(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/prepare with the id of each piece of advice that is ticked off."""
    form = await read_form(visit.request)
    id_ = turns.id_of(visit)
    prepared = await visit.features.preparing.of(visit.actor, id_)
    known = {piece.id for piece in advice.read().to(_party(prepared.conversation, visit))}
    await visit.features.preparing.tick(visit.actor, id_, known & form.keys())
    return _done(visit)


async def confirm_read(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/prepare/read."""
    await visit.features.preparing.confirm_read(visit.actor, turns.id_of(visit))
    return _done(visit)


async def note(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/prepare/note: begin a note to oneself, unless there is one."""
    id_ = turns.id_of(visit)
    prepared = await visit.features.preparing.of(visit.actor, id_)
    if not await visit.features.notes.of_conversation(visit.actor, id_):
        await visit.features.notes.add(visit.actor, about_conversation=prepared.conversation.id)
    return RedirectResponse(f"/conversations/{id_}/prepare#note", 303)


async def material(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/questions.pdf: the questions, the empty plan and advice, on paper."""
    prepared = await visit.features.preparing.of(visit.actor, turns.id_of(visit))
    conversation = prepared.conversation
    view = visit.view(zone(conversation))
    template = conversation.template
    sheet = material_view.sheet(
        template,
        Material(template.id, template.version, routine=True, plan=template.action_plan is not None),
        material_view.Preparing(
            employee=conversation.employee.name,
            responsible=conversation.responsible.name,
            when=view.days.exactly(conversation.meeting.at) if conversation.meeting else "",
            place=conversation.meeting.place if conversation.meeting else "",
            party=_party(conversation, visit),
        ),
        view.catalogue,
    )
    pdf = await visit.features.records.unsealed_paper(sheet, material_view.words(sheet, view.catalogue))
    return download(pdf, PDF, material_view.name(sheet, view.catalogue))


def _done(visit: PersonVisit) -> Response:
    if failures.wants_data(visit.request):
        return Response(status_code=204)
    return RedirectResponse(f"/conversations/{turns.id_of(visit)}/prepare", 303)


def _party(conversation: Conversation, visit: PersonVisit) -> Party:
    return "employee" if visit.me.id == conversation.employee.id else "manager"


def _items(prepared: Preparation, visit: PersonVisit, view: View) -> list[Item]:
    party = _party(prepared.conversation, visit)
    return [
        Item(piece.id, piece.to(view.locale), piece.id in prepared.done) for piece in advice.read().to(party)
    ]


def _is_asked_to_read(conversation: Conversation, visit: PersonVisit) -> bool:
    return conversation.prepare.employee_must_read and visit.me.id == conversation.employee.id


def _reading(prepared: Preparation, visit: PersonVisit, view: View) -> str:
    """Whether the employee has read the questions, where the template asks for it; empty where not."""
    conversation, say = prepared.conversation, view.catalogue.say
    if not conversation.prepare.employee_must_read:
        return ""
    is_employee, name = visit.me.id == conversation.employee.id, conversation.employee.first_name
    if prepared.read_at is None:
        if is_employee:
            return say("Read the questions before you meet, and say here that you have.")
        return say("%(name)s has not said yet that the questions are read.", name=name)
    when = view.days.when(prepared.read_at)
    if is_employee:
        return say("You have read the questions: %(when)s.", when=when)
    return say("%(name)s has read the questions: %(when)s.", name=name, when=when)
