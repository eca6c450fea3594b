"""May these authors append to this document? Asked inside the append's own transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.rules import limits
from server.rules.access import (
    Action,
    ActivityFacts,
    Actor,
    GuestFacts,
    NoteFacts,
    PaneFacts,
    PersonFacts,
    Role,
    State,
    allowed,
)
from server.storage.update_log import Append, AppendRefused, LogMovedOn


@dataclass(frozen=True, slots=True)
class AuthorFacts:
    """What the database says of an author, read through the session that the text came in by."""

    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    active: bool
    roles: frozenset[Role]

    def holds(self, now: datetime) -> bool:
        """Say whether the session and its person still count at ``now``."""
        return self.active and session_holds(self.began_at, self.seen_at, self.ended_at, now)

    @property
    def holds_until(self) -> datetime:
        """When a session that holds will have grown too old."""
        return _grows_old(self.began_at, self.seen_at)


def session_holds(began_at: datetime, seen_at: datetime, ended_at: datetime | None, now: datetime) -> bool:
    """Say whether a session is neither ended nor too old at ``now``."""
    return ended_at is None and now < _grows_old(began_at, seen_at)


def _grows_old(began_at: datetime, seen_at: datetime) -> datetime:
    return min(
        began_at + timedelta(hours=limits.SESSION_HOURS_MAX),
        seen_at + timedelta(hours=limits.SESSION_IDLE_HOURS_MAX),
    )


def writing_guests(writers: Iterable[str] | None) -> tuple[GuestFacts, ...]:
    """The guests that ``conversation.joint_writers`` names: all that an append must know of guests."""
    return tuple(GuestFacts(person, "", agreed=True, accepted=True, writes=True) for person in writers or ())


def activity_facts(employee: PersonFacts, state: str) -> ActivityFacts:
    """What decides about an activity, with its state as ``tables.activity`` has it."""
    return ActivityFacts(employee, active=state == "active", archived=state == "archived")


Written = PaneFacts | ActivityFacts | NoteFacts
"""What decides about writing in a document: which of them, depends on whose it is."""

_ACTIONS = {
    PaneFacts: Action.WRITE_PANE,
    ActivityFacts: Action.WRITE_ACTIVITY,
    NoteFacts: Action.KEEP_NOTE,
}


def check_append(target: Written, authors: Iterable[tuple[str, AuthorFacts | None]], now: datetime) -> None:
    """Raise AppendRefused unless every author may write. ``authors`` are (person, facts); None for a
    session that does not exist or is not that person's."""
    known = tuple(authors)
    if (reason := _closed_to_all(target)) is not None:
        raise AppendRefused(reason, frozenset(person for person, _ in known))
    action = _ACTIONS[type(target)]
    refused = frozenset(
        person
        for person, facts in known
        if facts is None or not facts.holds(now) or not allowed(Actor(person, facts.roles), action, target)
    )
    if refused:
        raise AppendRefused("denied", refused)


def _closed_to_all(target: Written) -> str | None:
    """Why nobody may write here, whoever it is; None where somebody may."""
    if isinstance(target, PaneFacts):
        if not target.current:
            return "moved"
        return None if target.conversation.state is State.OPEN else "frozen"
    if isinstance(target, ActivityFacts):
        return None if target.active and not target.archived else "frozen"
    return None


def check_follows(append: Append, last: int) -> None:
    """Raise LogMovedOn if the log, which ends at ``last``, has a change that the append's summary lacks."""
    if append.summary is not None and append.follows != last:
        raise LogMovedOn


def check_clients(append: Append, owners: Mapping[int, str]) -> None:
    """Raise LogMovedOn if a Yjs client id that is new to the room is another person's already.

    ``owners`` has whose the document's ids are. A room knows them as they were when it loaded the
    document; what other nodes have stored since, only the database knows. Most often somebody has come from
    another node and brings what she has received there: once the room has read it too, nothing is wrong with
    it. What is written under a borrowed id is then refused by the document itself.
    """
    if any(owners.get(client, person) != person for client, person in append.new_clients):
        raise LogMovedOn
