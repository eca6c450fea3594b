"""What somebody has typed into the form for a new conversation, and what it means.

The form is one page that needs no script: it comes back with all that was typed, on the way to choosing a
form, to looking at its questions, to finding a colleague by name, and with what is wrong or worth a look.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime

from server import meetings
from server.conversations import Meeting
from server.planning import Plan, Prospect
from server.rules.errors import PlaceWithoutTime, TimeMissing
from server.template.format import Prepare, Template

AT = "%Y-%m-%d %H:%M"
"""A day and a time as a browser sends them, with a space between."""

GUEST = "guest."
"""Before the id of each guest, as the name of a checkbox."""
ON = "yes"


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields, as they are shown."""

    template: str = ""
    """``id@version``; empty while none is chosen."""
    responsible: str = ""
    responsible_name: str = ""
    """What was typed to find somebody else."""
    responsible_sought: str = ""
    """The name that was looked for last: whoever was found has been shown."""
    guests: tuple[str, ...] = ()
    guest_name: str = ""
    guest_sought: str = ""
    day: str = ""
    time: str = ""
    zone: str = ""
    place: str = ""
    notify: bool = False
    invite: bool = False
    routine: bool = False
    plan: bool = False
    read: bool = False
    request: str = ""
    seen: str = ""
    """What has been shown once and is not asked about again, with spaces between."""

    @property
    def template_id(self) -> str:
        return self.template.partition("@")[0]

    @property
    def at(self) -> str:
        """Day and time in one."""
        return f"{self.day} {self.time}".strip()

    @property
    def hidden(self) -> Iterator[tuple[str, str]]:
        """Everything, to be carried along by a page that shows no field."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, bool):
                yield from [(each.name, ON)] if value else []
            elif isinstance(value, str):
                yield each.name, value
        yield from ((f"{GUEST}{guest}", ON) for guest in self.guests)


def read(form: Mapping[str, str]) -> Typed:
    """What a form has sent."""
    told = {
        each.name: form.get(each.name) == ON if each.type is bool else form.get(each.name, "").strip()
        for each in fields(Typed)
        if each.name != "guests"
    }
    guests = tuple(name.removeprefix(GUEST) for name in form if name.startswith(GUEST))
    return Typed(**told, guests=guests)  # type: ignore[arg-type]  # by the names of its own fields


def begun(prospect: Prospect) -> Typed:
    """The form before anything is typed; with the only form there is, where there is only one."""
    typed = Typed(
        responsible=prospect.manager.id if prospect.manager else "",
        zone=prospect.time_zone,
        request=prospect.asked.id if prospect.asked else "",
    )
    only = prospect.templates[0] if len(prospect.templates) == 1 else None
    return chosen(typed, only) if only else typed


def chosen(typed: Typed, template: Template) -> Typed:
    """The form with this form for the conversation, and what that one chooses beforehand (F49, F50, F116)."""
    told, goes_with = template.notify_defaults, template.prepare
    return replace(
        typed,
        template=f"{template.id}@{template.version}",
        notify=told.email,
        invite=told.calendar_invite,
        routine=goes_with.send_routine_with_invitation,
        plan=goes_with.send_action_plan_template and template.action_plan is not None,
        read=goes_with.employee_must_read,
    )


def meeting_of(typed: Typed) -> Meeting | None:
    """When and where, as typed; None where nothing is.

    Raises TimeMissing, PlaceWithoutTime, TimeSkipped or TooFarAway.
    """
    if not typed.at:
        if typed.place:
            raise PlaceWithoutTime
        return None
    try:
        local = datetime.strptime(typed.at, AT)  # noqa: DTZ007 (the zone stands beside it)
    except ValueError:
        raise TimeMissing from None
    return meetings.meeting(local, typed.zone, typed.place)


def plan_of(typed: Typed, employee: str, meeting: Meeting | None) -> Plan:
    """The conversation that is to be made."""
    id_, _, version = typed.template.partition("@")
    return Plan(
        employee=employee,
        template=(id_, int(version)) if version.isascii() and version.isdecimal() else None,
        responsible=typed.responsible,
        guests=typed.guests,
        meeting=meeting,
        notify=typed.notify,
        invite=typed.invite,
        prepare=Prepare(
            send_routine_with_invitation=typed.routine,
            send_action_plan_template=typed.plan,
            employee_must_read=typed.read,
        ),
        request=typed.request or None,
    )
