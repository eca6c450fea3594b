"""The conversation page, and one's own pane as the other party sees it."""

from functools import partial

from starlette.responses import RedirectResponse, Response

from server import records
from server.conversations import Conversation
from server.decisions import Decision
from server.pages import (
    activities_view,
    chapters_view,
    conversation_view,
    earlier_view,
    handover_view,
    invitations_view,
    signing,
    turns_view,
)
from server.pages.as_read import as_read
from server.pages.context import PersonVisit
from server.pages.conversation_view import PaneSeen, Seen
from server.pages.heading import meeting_of, names, title, zone
from server.pages.page_data import page_data
from server.pages.rendering import View
from server.pages.shown import hints, shown_sources
from server.record.content import RecordContent
from server.rules.access import Action, Pane, State
from server.rules.errors import NotFound
from server.template.parts import Source


async def show(visit: PersonVisit) -> Response:
    """GET /conversations/{id}."""
    id_ = visit.request.path_params["id"]
    try:
        reading = await visit.features.documents.read(visit.actor, id_)
    except NotFound:
        # Whoever has handed it over is shown the way to what is kept; everybody else, that there is nothing.
        await visit.features.formers.of(visit.actor, id_)
        return RedirectResponse(f"/conversations/{id_}/former", 303)
    conversation = reading.conversation
    view = visit.view(zone(conversation))
    if conversation.state in (State.FROZEN, State.CLOSED):
        return await signing.review(visit, conversation)
    shown = await shown_sources(visit, conversation)
    seen = Seen(visit.me, conversation, reading.contents, shown)
    panes = conversation_view.panes(seen, view)
    mine = panes.get(seen.mine) if seen.mine else None
    foreign = _foreign(panes, seen)
    activities = await visit.features.activities.of_conversation(visit.actor, conversation.id)
    review = activities_view.review(activities, view)
    before = await _earlier(visit, seen)
    turns = turns_view.turns(seen, await _decisions(visit, conversation), view)
    present = await visit.features.invitations.gathering(visit.actor, conversation.id)
    standing = await visit.features.handover_answers.standing(visit.actor, conversation.id)
    kept = standing.parts if standing else ()
    return visit.page(
        view,
        "conversation/page.html",
        handed=handover_view.notice(standing, conversation, visit.me, view) if standing else None,
        former=handover_view.parts(kept, conversation, visit.actor, view),
        id=conversation.id,
        title=title(seen, view),
        names=names(conversation, view),
        meeting=meeting_of(conversation, view),
        steps=conversation_view.steps(seen, view),
        panes=panes,
        mine=mine,
        foreign=foreign,
        first_tab=seen.mine if mine and not mine.is_shared else Pane.JOINT,
        other=seen.other,
        parties=seen.parties,
        guests=invitations_view.guests(conversation, present.guests, visit.me, view),
        turns=turns,
        chapters=chapters_view.chapters(seen, view, panes),
        demands=chapters_view.demands(seen, view),
        single=seen.is_single,
        has_tabs=len(panes) > 1 and not seen.is_single,
        guidance=_guidance(seen, view, mine),
        review=review,
        # Whoever takes part reads them here; on their own pages only those of a conversation that goes on.
        opens_goals=seen.mine is not None and conversation.state is State.OPEN,
        last_time=earlier_view.blocks(conversation.template, before, review, view),
        unit_goals=shown[Source.UNIT_GOALS],
        hints=await hints(visit, conversation.template),
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
    return visit.page(
        view,
        "conversation/preview.html",
        id=conversation.id,
        other=seen.other,
        is_shared=conversation.panes[pane].facts.shared,
        sections=as_read(conversation, pane, reading.contents[pane], view),
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


async def _earlier(visit: PersonVisit, seen: Seen) -> RecordContent | None:
    """What the two arrived at before, where the template shows it. A guest of this one was not there."""
    kinds = earlier_view.kinds(seen.conversation.template)
    if not kinds or seen.mine is None:
        return None
    return await visit.features.database.read(
        partial(records.previous, conversation=seen.conversation, kinds=kinds)
    )


async def _decisions(visit: PersonVisit, conversation: Conversation) -> list[Decision]:
    if not conversation.may(visit.actor, Action.SEE_DECISION):
        return []
    return await visit.features.declining.decisions(visit.actor, conversation.id)
