"""Where a person can go from everywhere. Every entry of the menus is made here, and nowhere else."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from server.pages.catalogues import Catalogue
from server.rules.access import Action, OrganisationFacts, allowed
from server.sessions import PageSession


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of a menu."""

    words: str
    address: str
    icon: str
    current: str = ""
    """For ``aria-current``: ``page`` on the page itself, ``true`` on what lies below it, or nothing."""


@dataclass(frozen=True, slots=True)
class Menu:
    """What stands in the top bar, and what is found behind the person's initials."""

    main: tuple[Entry, ...]
    own: tuple[Entry, ...]
    organisation: tuple[Entry, ...]
    """What she sets for others; nothing for most."""


def menu(session: PageSession, catalogue: Catalogue, path: str) -> Menu:
    """The menus of somebody who is signed in and looks at ``path``."""
    groups = [tuple(entries(session, catalogue)) for entries in (_main, _own, _organisation)]
    # The longest address that the path begins with: ``/people/maja/activities`` before ``/people``.
    above = {entry.address: entry for entry in chain(*groups) if _is_below(path, entry.address)}
    nearest = max(above, key=len, default="")
    # Another person's page is reached from the staff.
    if not nearest and _is_below(path, "/people") and not _is_below(path, f"/people/{session.person.id}"):
        nearest = "/staff"
    return Menu(*(_marked(entries, nearest, path) for entries in groups))


def _main(session: PageSession, catalogue: Catalogue) -> Iterator[Entry]:
    """What people come for, in the order of how many come for it."""
    say = catalogue.say
    yield Entry(say("My conversations"), "/", "pen-line")
    if session.has_staff:
        yield Entry(say("My staff"), "/staff", "users")
    yield Entry(say("My activities"), f"/people/{session.person.id}/activities", "target")
    if allowed(session.actor, Action.SEE_COVERAGE, OrganisationFacts()):
        yield Entry(say("Coverage"), "/coverage", "file-check")


def _own(session: PageSession, catalogue: Catalogue) -> Iterator[Entry]:
    """What is about the person, and then about her devices; last what helps everybody."""
    say = catalogue.say
    yield Entry(say("My notes"), "/notes", "pen-line")
    yield Entry(say("My letters"), "/mailbox", "send")
    yield Entry(say("My reminders"), "/reminders", "clock")
    yield Entry(say("My data"), "/my-data", "download")
    yield Entry(say("Kept text"), "/kept", "archive")
    yield Entry(say("My devices"), "/sessions", "monitor-smartphone")
    yield Entry(say("About conversations here"), "/guidance", "info")


def _organisation(session: PageSession, catalogue: Catalogue) -> Iterator[Entry]:
    """What is set, brought in and erased for others."""
    say = catalogue.say
    if allowed(session.actor, Action.SET_POLICY, OrganisationFacts()):
        yield Entry(say("Rules of the organisation"), "/policy", "list")
    if allowed(session.actor, Action.IMPORT_ARCHIVE, OrganisationFacts()):
        yield Entry(say("Older activities"), "/archive", "history")
    if allowed(session.actor, Action.ERASE, OrganisationFacts()):
        yield Entry(say("What is kept"), "/retention", "trash-2")


def _is_below(path: str, address: str) -> bool:
    if address == "/":
        return path == "/" or path.startswith("/conversations/")
    return path == address or path.startswith(f"{address}/")


def _marked(entries: tuple[Entry, ...], nearest: str, path: str) -> tuple[Entry, ...]:
    word = "page" if path == nearest else "true"
    return tuple(
        Entry(each.words, each.address, each.icon, word if each.address == nearest else "")
        for each in entries
    )
