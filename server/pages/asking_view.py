"""What somebody asked for, and what became of it, in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.asking import Answer, Asked
from server.pages.rendering import View
from server.people import Person


@dataclass(frozen=True, slots=True)
class AskedSeen:
    """One time that somebody asked. ``sentence`` says what became of it, and is empty while it waits."""

    id: str
    employee: Person
    wish: str
    times: str
    when: str
    sentence: str
    reply: str
    conversation: str | None


def seen(asked: Asked, me: Person, view: View) -> AskedSeen:
    """What it is to ``me``."""
    return AskedSeen(
        id=asked.id,
        employee=asked.employee,
        wish=asked.wish,
        times=asked.times,
        when=view.days.when(asked.asked_at),
        sentence=_sentence(asked, me, view),
        reply=asked.reply,
        conversation=asked.conversation,
    )


def waiting(asked: Sequence[Asked], me: Person, view: View) -> list[AskedSeen]:
    """Those that wait for an answer."""
    return [seen(each, me, view) for each in asked if each.answer is None]


def _sentence(asked: Asked, me: Person, view: View) -> str:
    say, by = view.catalogue.say, asked.answered_by
    if asked.answer is None or by is None or asked.answered_at is None:
        return ""
    when, is_mine = view.days.when(asked.answered_at), by.id == me.id
    match asked.answer:
        case Answer.MADE:
            return (
                say("You planned a conversation, %(when)s.", when=when)
                if is_mine
                else say("%(name)s has planned a conversation, %(when)s.", name=by.first_name, when=when)
            )
        case Answer.DECLINED:
            return (
                say("You answered that it has to wait, %(when)s.", when=when)
                if is_mine
                else say(
                    "%(name)s has answered that it has to wait, %(when)s.", name=by.first_name, when=when
                )
            )
        case Answer.TAKEN_BACK:
            return (
                say("You took it back, %(when)s.", when=when)
                if is_mine
                else say("%(name)s has taken it back, %(when)s.", name=by.first_name, when=when)
            )
