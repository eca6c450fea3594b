"""The conversation page, and one's own pane as the other party sees it."""

from datetime import date

from starlette.responses import Response

from crdt.content import text_is_filled
from server import people
from server.conversations import Conversation
from server.documents import shown
from server.pages import activities_view, conversation_view, invitations_view, words
from server.pages.context import DEFAULT_ZONE, PersonVisit
from server.pages.conversation_view import PaneSeen, Seen
from server.pages.rendering import View
from server.rules.access import Pane, State
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
    present = await visit.features.invitations.gathering(visit.actor, conversation.id)
    return visit.page(
        view,
        "conversation/page.html",
        id=conversation.id,
        title=_title(seen, view),
        under=under(conversation, view),
        steps=conversation_view.steps(seen, view),
        panes=panes,
        mine=mine,
        foreign=foreign,
        first_tab=seen.mine if mine and not mine.is_shared else Pane.JOINT,
        other=seen.other,
        parties=seen.parties,
        guests=invitations_view.guests(conversation, present.guests, visit.me, view),
        chapters=chapters,
        guidance=_guidance(seen, view, mine),
        review=activities_view.review(activities, view),
        unit_goals=await _unit_goals(visit, conversation),
        hints=[topic.hint.to(view.locale) for topic in conversation.template.excluded_topics],
        has_required=any(question.is_required for chapter in chapters for question in chapter.questions),
        is_open=conversation.state is State.OPEN,
        shares=conversation.facts.shares,
        island=_island(seen, view, panes),
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


def zone(conversation: Conversation) -> str:
    """The IANA time zone in which a conversation's days are counted."""
    return conversation.meeting.time_zone if conversation.meeting else DEFAULT_ZONE


def _foreign(panes: dict[Pane, PaneSeen], seen: Seen) -> PaneSeen | None:
    """The other party's pane, if the template has one."""
    return next((each for pane, each in panes.items() if pane not in (seen.mine, Pane.JOINT)), None)


def _title(seen: Seen, view: View) -> str:
    name = seen.conversation.template.name.to(view.locale)
    return view.catalogue.say("%(kind)s with %(name)s", kind=name, name=seen.other.first_name)


def under(conversation: Conversation, view: View) -> str:
    """Who, when and where."""
    employee, responsible = conversation.employee.name, conversation.responsible.name
    parts = [view.catalogue.say("%(employee)s and %(manager)s", employee=employee, manager=responsible)]
    if conversation.meeting:
        parts.append(view.days.exactly(conversation.meeting.at))
        if conversation.meeting.place:
            parts.append(conversation.meeting.place)
    return " · ".join(parts)


def _guidance(seen: Seen, view: View, mine: PaneSeen | None) -> str:
    """What to do first: until the person has shared."""
    guidance = seen.conversation.template.guidance
    if guidance is None or mine is None or mine.is_shared:
        return ""
    return (guidance.employee if seen.mine is Pane.EMPLOYEE else guidance.manager).to(view.locale)


async def _unit_goals(visit: PersonVisit, conversation: Conversation) -> list[str]:
    unit, locale = conversation.employee.unit, visit.me.locale
    goals = await visit.features.database.read(lambda connection: people.unit_goals(connection, unit))
    return [goal[locale] for goal in goals]


def _island(seen: Seen, view: View, panes: dict[Pane, PaneSeen]) -> dict[str, object]:
    """What the client must know, of panes that this person may read and no others."""
    return {
        "me": shown(seen.conversation, seen.viewer),
        "conversation": seen.conversation.id,
        "locale": view.locale,
        "socket": "/live",
        "documents": {
            pane.value: {
                "name": seen.conversation.panes[pane].name,
                "scope": "read-write" if each.writable else "readonly",
            }
            for pane, each in panes.items()
            if each.readable
        },
        **words.for_client(view.catalogue),
    }
