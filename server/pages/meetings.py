"""When and where two people meet: a page on which whoever is responsible, or stands in, changes it (F52)."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from starlette.responses import Response

from server import meetings
from server.conversations import Conversation
from server.pages import turns
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.heading import meeting_of, zone
from server.rules.access import Action, State
from server.rules.errors import Refusal, TextTooLong, TimeMissing, TimeSkipped, TooFarAway

AT = "%Y-%m-%d %H:%M"
"""A day and a time as a browser sends them, with a space between."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form, as they are shown."""

    day: str = ""
    time: str = ""
    place: str = ""


async def ask(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/meeting."""
    return await _page(visit)


async def move(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/meeting with ``day``, ``time`` and ``place``."""
    form = await read_form(visit.request)
    typed = Typed(*(form.get(name, "").strip() for name in ("day", "time", "place")))
    conversation = await turns.asked(visit, Action.MOVE_MEETING)
    try:
        meeting = meetings.meeting(_local(typed), zone(conversation), typed.place)
        await visit.features.meetings.move(visit.actor, conversation.id, meeting)
    except (TimeMissing, TimeSkipped, TooFarAway, TextTooLong) as refusal:
        return await _page(visit, typed, refusal)
    return turns.done(visit, _back(visit, conversation))


def _back(visit: PersonVisit, conversation: Conversation) -> str:
    """Whence the person came: whoever stands in sees the staff, and never the conversation."""
    sees = conversation.may(visit.actor, Action.SEE_CONVERSATION)
    return f"/conversations/{conversation.id}" if sees else "/staff"


def _local(typed: Typed) -> datetime:
    try:
        return datetime.strptime(f"{typed.day} {typed.time}", AT)  # noqa: DTZ007 (the meeting's zone follows)
    except ValueError:
        raise TimeMissing from None


async def _page(visit: PersonVisit, typed: Typed | None = None, refusal: Refusal | None = None) -> Response:
    conversation = await turns.asked(visit, Action.MOVE_MEETING)
    view = visit.view(zone(conversation))
    return visit.page(
        view,
        "meetings/page.html",
        refusal.status if refusal else 200,
        id=conversation.id,
        stands_in=not conversation.may(visit.actor, Action.SEE_CONVERSATION),
        parties=(conversation.employee, conversation.responsible),
        meeting=meeting_of(conversation, view),
        other=conversation.other(visit.me.id),
        typed=typed or _stored(conversation, view.days.zone),
        city=get_timezone_location(view.days.zone, locale=view.catalogue.calendar, return_city=True),
        invites=conversation.calendar_sequence is not None,
        notifies=conversation.notify,
        mails=visit.features.settings.mail_server is not None,
        is_frozen=conversation.state is State.FROZEN,
        wrong=sentence_of(refusal, view) if refusal else "",
    )


def _stored(conversation: Conversation, zone: ZoneInfo) -> Typed:
    meeting = conversation.meeting
    if meeting is None:
        return Typed()
    local = meeting.at.astimezone(zone)
    return Typed(local.date().isoformat(), f"{local:%H:%M}", meeting.place)
