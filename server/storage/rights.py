"""May these authors append to this document? Asked inside the append's own transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.rules import limits
from server.rules.access import Action, Actor, GuestFacts, PaneFacts, Role, State, allowed
from server.storage.update_log import Append, AppendRefused


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


def session_holds(began_at: datetime, seen_at: datetime, ended_at: datetime | None, now: datetime) -> bool:
    """Say whether a session is neither ended nor too old at ``now``."""
    return (
        ended_at is None
        and now < began_at + timedelta(hours=limits.SESSION_HOURS_MAX)
        and now < seen_at + timedelta(hours=limits.SESSION_IDLE_HOURS_MAX)
    )


def writing_guests(writers: Iterable[str] | None) -> tuple[GuestFacts, ...]:
    """The guests that ``conversation.joint_writers`` names: all that an append must know of guests."""
    return tuple(GuestFacts(person, "", agreed=True, accepted=True, writes=True) for person in writers or ())


def check_append(target: PaneFacts, authors: Iterable[tuple[str, AuthorFacts | None]], now: datetime) -> None:
    """Raise AppendRefused unless every author may write. ``authors`` are (person, facts); None for a
    session that does not exist or is not that person's."""
    known = tuple(authors)
    if not target.current:
        raise AppendRefused("moved", frozenset(person for person, _ in known))
    if target.conversation.state is not State.OPEN:
        raise AppendRefused("frozen", frozenset(person for person, _ in known))
    refused = frozenset(
        person
        for person, facts in known
        if facts is None
        or not facts.holds(now)
        or not allowed(Actor(person, facts.roles), Action.WRITE_PANE, target)
    )
    if refused:
        raise AppendRefused("denied", refused)


def check_clients(append: Append, owners: Mapping[int, str]) -> None:
    """Raise AppendRefused for whoever writes under another person's Yjs client id.

    ``owners`` has whose the document's ids are. A room knows them as they were when it loaded the
    document; what other nodes have stored since, only the database knows. What somebody wrote under a
    borrowed id would take the place of what its owner writes next.
    """
    borrowers = frozenset(
        person for client, person in append.new_clients if owners.get(client, person) != person
    )
    if borrowers:
        raise AppendRefused("denied", borrowers)
