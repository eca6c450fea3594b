"""What stands above every page of a conversation: its name, who meets when and where."""

from server.conversations import Conversation
from server.pages.context import DEFAULT_ZONE
from server.pages.conversation_view import Seen
from server.pages.rendering import View


def zone(conversation: Conversation) -> str:
    """The IANA time zone in which a conversation's days are counted."""
    return conversation.meeting.time_zone if conversation.meeting else DEFAULT_ZONE


def title(seen: Seen, view: View) -> str:
    """Which conversation this is, as the person who looks would call it."""
    name = seen.conversation.template.name.to(view.locale)
    if seen.mine is None:
        employee, responsible = seen.parties
        return view.catalogue.say(
            "%(kind)s of %(employee)s and %(manager)s",
            kind=name,
            employee=employee.first_name,
            manager=responsible.first_name,
        )
    return view.catalogue.say("%(kind)s with %(name)s", kind=name, name=seen.other.first_name)


def names(conversation: Conversation, view: View) -> str:
    """``Maja Öberg and Jonas Bergman``."""
    employee, responsible = conversation.employee.name, conversation.responsible.name
    return view.catalogue.say("%(employee)s and %(manager)s", employee=employee, manager=responsible)


def under(conversation: Conversation, view: View) -> str:
    """Who, when and where."""
    return " · ".join(filter(None, (names(conversation, view), meeting_of(conversation, view))))


def meeting_of(conversation: Conversation, view: View) -> str:
    """``Thursday 26 November at 09:30 · Room 2``; empty where nothing is agreed on yet."""
    meeting = conversation.meeting
    if meeting is None:
        return ""
    return " · ".join(filter(None, (view.days.exactly(meeting.at), meeting.place)))
