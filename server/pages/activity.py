"""One follow-up activity: the page on which its people write it together, and the turns of its life (F70).

``/people/{person}/activities/{activity}``. Whoever may not see it, and whoever asks under another person's
name, is told that there is nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from starlette.responses import RedirectResponse, Response

from server import people
from server.activities import Activity, ActivityState, Detail
from server.conversations import Conversation
from server.documents import shown_in_activities
from server.pages import activities_view, activity_view, failures, live_page, words
from server.pages.activity_view import DOCUMENT
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.rendering import View
from server.rules.errors import (
    NoLongerPossible,
    NotFound,
    NothingSaid,
    ReasonMissing,
    Refusal,
    TextTooLong,
)


@dataclass(frozen=True, slots=True)
class Origin:
    """The conversation in which it was agreed. ``address`` is empty for whoever may not read it."""

    sentence: str
    address: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A comment that was refused, and why."""

    comment: str = ""
    refusal: Refusal | None = None


async def show(visit: PersonVisit) -> Response:
    """GET /people/{person}/activities/{activity}."""
    return await _page(visit, await _detail(visit), Typed())


async def comment(visit: PersonVisit) -> Response:
    """POST /people/{person}/activities/{activity}/comments with ``comment`` (F82)."""
    detail = await _detail(visit)
    said = (await read_form(visit.request)).get("comment", "")
    try:
        await visit.features.activity_turns.comment(visit.actor, detail.activity.id, said)
    except (NothingSaid, TextTooLong) as refusal:
        if failures.wants_data(visit.request):
            raise
        return await _page(visit, detail, Typed(said, refusal))
    return _done(visit, detail.activity, "#comments")


async def complete(visit: PersonVisit) -> Response:
    """POST /people/{person}/activities/{activity}/complete."""
    today = visit.view().days.today
    return await _turned(visit, lambda id_: visit.features.activity_turns.complete(visit.actor, id_, today))


async def take_up(visit: PersonVisit) -> Response:
    """POST /people/{person}/activities/{activity}/take-up."""
    return await _turned(visit, lambda id_: visit.features.activity_turns.take_up(visit.actor, id_))


async def ask_cancel(visit: PersonVisit) -> Response:
    """GET /people/{person}/activities/{activity}/cancel."""
    return await _cancel_page(visit)


async def cancel(visit: PersonVisit) -> Response:
    """POST /people/{person}/activities/{activity}/cancel with ``reason``."""
    reason = (await read_form(visit.request)).get("reason", "")
    today = visit.view().days.today
    turns = visit.features.activity_turns
    try:
        return await _turned(visit, lambda id_: turns.cancel(visit.actor, id_, reason, today))
    except (ReasonMissing, TextTooLong) as refusal:
        return await _cancel_page(visit, reason, refusal)


async def _detail(visit: PersonVisit) -> Detail:
    """The activity of the address. Raises NotFound."""
    asked = visit.request.path_params
    detail = await visit.features.activities.see(visit.actor, asked["activity"])
    if detail.employee.id != asked["person"]:
        raise NotFound
    return detail


async def _turned(visit: PersonVisit, turn: Callable[[str], Awaitable[None]]) -> Response:
    activity = (await _detail(visit)).activity
    await turn(activity.id)
    return _done(visit, activity)


def _done(visit: PersonVisit, activity: Activity, place: str = "") -> Response:
    if failures.wants_data(visit.request):
        return Response(status_code=204)
    return RedirectResponse(activities_view.address_of(activity) + place, 303)


async def _page(visit: PersonVisit, detail: Detail, typed: Typed) -> Response:
    view = visit.view()
    activity, employee = detail.activity, detail.employee
    goals = await visit.features.database.read(partial(people.unit_goals, unit=employee.unit))
    state, tone = activities_view.state(activity, view)
    return visit.page(
        view,
        "activity/page.html",
        typed.refusal.status if typed.refusal else 200,
        address=activities_view.address_of(activity),
        employee=employee,
        is_mine=employee.id == visit.me.id,
        title=activities_view.title(activity, view),
        kind=activities_view.kind(activity.goal_type, view),
        state=state,
        tone=tone,
        is_active=activity.state is ActivityState.ACTIVE,
        is_archived=activity.state is ActivityState.ARCHIVED,
        may_write=detail.may_write,
        may_end=detail.may_end,
        news=activity_view.news(detail, view),
        reason=activity.cancel_reason,
        standing=tuple(activity_view.standing(detail, view)),
        texts=activity_view.texts(detail, view),
        facts=activity_view.facts(detail, view),
        archived=activity_view.archived(detail),
        trail=activity_view.trail(detail, view),
        origin=await _origin(visit, activity, view),
        unit_goals=[goal[view.locale] for goal in goals],
        comment=typed.comment,
        wrong=sentence_of(typed.refusal, view) if typed.refusal else "",
        island=_island(visit, detail, view),
    )


def _island(visit: PersonVisit, detail: Detail, view: View) -> dict[str, object]:
    activity = detail.activity
    is_live = activity.state is not ActivityState.ARCHIVED
    return live_page.island(
        view,
        shown_in_activities(visit.me, detail.employee.id),
        path=activities_view.address_of(activity),
        about=activity.name,
        turn=activity.state,
        documents={DOCUMENT: (activity.name, detail.may_write)} if is_live else {},
        instead=words.AT_AN_ACTIVITY,
    )


async def _origin(visit: PersonVisit, activity: Activity, view: View) -> Origin | None:
    """From which conversation it comes."""
    if activity.from_conversation is None:
        return None
    say = view.catalogue.say
    try:
        found = await visit.features.conversations.see(visit.actor, activity.from_conversation)
    except NotFound:
        return Origin(say("Agreed in a conversation"), "")
    return Origin(_agreed(found, view), f"/conversations/{found.id}")


def _agreed(conversation: Conversation, view: View) -> str:
    say, name = view.catalogue.say, conversation.template.name.to(view.locale)
    if conversation.meeting is None:
        return say("Agreed in: %(conversation)s", conversation=name)
    day = view.days.day(view.days.of(conversation.meeting.at))
    return say("Agreed in: %(conversation)s, %(day)s", conversation=name, day=day)


async def _cancel_page(visit: PersonVisit, reason: str = "", refusal: Refusal | None = None) -> Response:
    detail = await _detail(visit)
    if not detail.may_end:
        raise NotFound
    if detail.activity.state is not ActivityState.ACTIVE:
        raise NoLongerPossible
    view = visit.view()
    return visit.page(
        view,
        "activity/cancel.html",
        refusal.status if refusal else 200,
        address=activities_view.address_of(detail.activity),
        title=activities_view.title(detail.activity, view),
        reason=reason,
        wrong=sentence_of(refusal, view) if refusal else "",
    )
