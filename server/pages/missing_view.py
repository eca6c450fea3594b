"""What keeps a conversation from being signed or completed, each in a sentence and with the way there."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.conversations import Conversation
from server.pages.rendering import View
from server.people import Person
from server.rules.access import Action, Pane
from server.rules.life import Lack, Missing

SHARE_BUTTON = "share"
OPEN_BUTTON = "show-answers"
"""Ids on the conversation's page."""


@dataclass(frozen=True, slots=True)
class Told:
    """One missing thing. ``place``: an id on the conversation's page; empty when it is not mine to do."""

    label: str
    place: str


def told(conversation: Conversation, missing: Sequence[Missing], me: Person, view: View) -> list[Told]:
    """Every missing thing for ``me``, in order. Of a pane that ``me`` may not read it says nothing more."""
    return [
        _told(conversation, each, me, view)
        for each in missing
        if each.kind in (Lack.NOT_SHARED, Lack.UNREAD)
        or conversation.may(me.actor, Action.READ_PANE, each.pane)
    ]


def _told(conversation: Conversation, missing: Missing, me: Person, view: View) -> Told:
    say = view.catalogue.say
    owner = conversation.panes[missing.pane].facts.owner
    name = conversation.other(me.id).first_name
    element = next((one for one in conversation.template.elements if one.id == missing.element), None)
    part = next((one for one in element.parts() if one.name == missing.part), None) if element else None
    question = element.label.to(view.locale) if element else ""
    if part and part.label:
        question = f"{question} – {part.label.to(view.locale)}"
    place = f"f-{missing.pane}-{missing.part or missing.element}"
    match missing.kind:
        case Lack.NOT_SHARED if owner == me.id:
            return Told(say("You have not shared your answers yet."), SHARE_BUTTON)
        case Lack.NOT_SHARED:
            return Told(say("%(name)s has not shared yet.", name=name), "")
        case Lack.UNREAD:
            sentence = say("Something is missing in what %(name)s has shared. Show the answers.", name=name)
            return Told(sentence, OPEN_BUTTON)
        case Lack.TOO_LONG:
            most = part.max_length if part and part.max_length else 0
            sentence = say(
                "“%(question)s” is too long: at most %(most)s characters.", question=question, most=most
            )
            return Told(sentence, place)
        case Lack.PLAN_GOAL:
            return Told(say("The plan has no goal yet."), place)
        case Lack.DEVELOPMENT:
            return Told(say("The plan has no development yet, and is not marked as needing none."), place)
        case Lack.ELEMENT if missing.pane is Pane.JOINT or owner == me.id:
            return Told(say("“%(question)s” is not filled in.", question=question), place)
        case Lack.ELEMENT:
            sentence = say("%(name)s has not filled in “%(question)s”.", name=name, question=question)
            return Told(sentence, place)
