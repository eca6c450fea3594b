"""The conversation page, and one's own pane as the other party sees it."""

from datetime import date

from starlette.responses import Response

from crdt.content import text_is_filled
from server import people
from server.conversations import Conversation
from server.decisions import Decision
from server.pages import activities_view, conversation_view, invitations_view, turns_view
from server.pages.context import PersonVisit
from server.pages.conversation_view import PaneSeen, Seen
from server.pages.heading import title, under, zone
from server.pages.page_data import page_data
from server.pages.rendering import View
from server.rules.access import Action, Pane, State
from server.rules.errors import NotFound


async def show(visit: PersonVisit) -> Response:
    """GET /conversations/{id}."""
    reading = await visit.features.documents.read(visit.actor, visit.request.path_params["id"])
    conversation = reading.conversation
    view = visit.view(zone(conversation))
    seen = Seen(visit.me, conversation, reading.contents)
    panes = conversation_view.panes(seen, view)
    mine, foreign = panes.get(seen.mine), _foreign(panes, seen)
    chapters = conversation_view.chapters(seen, view, panes)
    activities = await visit.features.activities.of_conversation(visit.actor, conversation.id)
    turns = turns_view.turns(seen, await _decisions(visit, conversation), view)
    present = await visit.features.invitations.gathering(visit.actor, conversation.id)
    return visit.page(
        view,
        "conversation/page.html",
        id=conversation.id,
        title=title(seen, view),
        under=under(conversation, view),
        steps=conversation_view.steps(seen, view),
        panes=panes,
        mine=mine,
        foreign=foreign,
        first_tab=seen.mine if mine and not mine.is_shared else Pane.JOINT,
        other=seen.other,
        parties=seen.parties,
        guests=invitations_view.guests(conversation, present.guests, visit.me, view),
        turns=turns,
        chapters=chapters,
        guidance=_guidance(seen, view, mine),
        review=activities_view.review(activities, view),
        unit_goals=await _unit_goals(visit, conversation),
        hints=[topic.hint.to(view.locale) for topic in conversation.template.excluded_topics],
        has_required=any(question.is_required for chapter in chapters for question in chapter.questions),
        is_open=conversation.state is State.OPEN,
        shares=conversation.facts.shares,
        island=page_data(seen, view, panes),
    )


async def preview(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/panes/{pane}/preview."""
    pane = pane_of(visit)
    reading = await visit.features.documents.preview(visit.actor, visit.request.path_params["id"], pane)
    conversation = reading.conversation
    view = visit.view(zone(conversation))
    seen = Seen(visit.me, conversation, reading.contents)
    panes = {pane: conversation_view.panes(seen, view)[pane]}
    return visit.page(
        view,
        "conversation/preview.html",
        id=conversation.id,
        other=seen.other,
        is_shared=panes[pane].is_shared,
        answers=[
            (question, cell)
            for chapter in conversation_view.chapters(seen, view, panes)
            for question in chapter.questions
            for cell in question.cells
        ],
        is_filled=text_is_filled,
        to_date=date.fromisoformat,
    )


def pane_of(visit: PersonVisit) -> Pane:
    """The pane that the address names. Raises NotFound for any other word."""
    try:
        return Pane(visit.request.path_params["pane"])
    except ValueError:
        raise NotFound from None


def _foreign(panes: dict[Pane, PaneSeen], seen: Seen) -> PaneSeen | None:
    """The other party's pane, if the template has one."""
    return next((each for pane, each in panes.items() if pane not in (seen.mine, Pane.JOINT)), None)


def _guidance(seen: Seen, view: View, mine: PaneSeen | None) -> str:
    """What to do first: until the person has shared."""
    guidance = seen.conversation.template.guidance
    if guidance is None or mine is None or mine.is_shared:
        return ""
    return (guidance.employee if seen.mine is Pane.EMPLOYEE else guidance.manager).to(view.locale)


async def _decisions(visit: PersonVisit, conversation: Conversation) -> list[Decision]:
    if not conversation.may(visit.actor, Action.SEE_DECISION):
        return []
    return await visit.features.declining.decisions(visit.actor, conversation.id)


async def _unit_goals(visit: PersonVisit, conversation: Conversation) -> list[str]:
    unit, locale = conversation.employee.unit, visit.me.locale
    goals = await visit.features.database.read(lambda connection: people.unit_goals(connection, unit))
    return [goal[locale] for goal in goals]
