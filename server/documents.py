"""Documents for those who may have them: opened for a socket, or read as content for a page."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from crdt.content import Content
from server import activities, activity_documents, conversations, notes, sessions, sharing
from server.conversations import Conversation, ConversationPanes
from server.people import Somebody
from server.realtime.ports import Opening, OpeningDenied, Repeated
from server.rules.access import Action, Actor, Pane, allowed
from server.rules.errors import NotFound, NotSignedIn
from server.sessions import Session, Sessions
from server.storage.bells import activities_of, notes_of
from server.storage.database import Database
from server.storage.update_log import Author
from server.templates import schemas

COLOURS = {Pane.EMPLOYEE: "emp", Pane.MANAGER: "man", Pane.JOINT: "joint"}
"""How a part is coloured everywhere: the employee, the responsible manager, what they have in common."""

GUEST_COLOUR = "guest"
"""How every guest is coloured."""

ACTIVITY_ROW = Repeated(
    frozenset(
        {
            activity_documents.TITLE,
            activity_documents.OWNER,
            activity_documents.DO,
            activity_documents.FOLLOW_UP,
        }
    ),
    activity_documents.summary,
)
NOTE_ROW = Repeated(frozenset({notes.TEXT}), notes.summary)

_PANES = {pane.value: pane for pane in Pane}
"""By what stands in the name of a document."""

GENERATION = re.compile(r"[0-9a-f]{32}")
"""The last part of a document's name on the wire, as ``conversations.new_name`` makes it."""


def colour_of(conversation: ConversationPanes, person: str) -> str:
    """The colour of somebody who takes part: one of the two, or a guest."""
    if person not in conversation.facts.parties:
        return GUEST_COLOUR
    return COLOURS[_side(person, conversation.facts.employee)]


def _side(person: str, employee: str) -> Pane:
    return Pane.EMPLOYEE if person == employee else Pane.MANAGER


def shown(conversation: ConversationPanes, person: Somebody) -> dict[str, str]:
    """What others are shown of somebody who is present: plain strings, for frames and pages."""
    return _shown(person, colour_of(conversation, person.id))


def shown_in_activities(person: Somebody, employee: str) -> dict[str, str]:
    """The same among an employee's activities: the employee, and whoever leads."""
    return _shown(person, COLOURS[_side(person.id, employee)])


def _shown(person: Somebody, colour: str) -> dict[str, str]:
    return {"id": person.id, "name": person.name, "initials": person.initials, "colour": colour}


def open_document(connection: Connection, session: Session, name: str, now: datetime) -> Opening:
    """Open the document with this wire name. Raises OpeningDenied, for missing and forbidden alike."""
    kind, _, rest = name.partition("/")
    id_ = rest.rpartition("/")[2]
    try:
        match kind:
            case "activities":
                return _open_activity(connection, session, id_, name, now)
            case "notes":
                return _open_note(connection, session, id_, name)
            case _:
                return _open_pane(connection, session, name)
    except NotFound:
        raise OpeningDenied("denied") from None


def _open_activity(connection: Connection, session: Session, id_: str, name: str, now: datetime) -> Opening:
    activity, document = activities.get(connection, id_)
    target = activity.facts(activities.facts(connection, activity.employee, now))
    may_read = allowed(session.actor, Action.SEE_ACTIVITIES, target.employee)
    if document is None or activity.name != name or not may_read:
        raise NotFound
    return Opening(
        document=document,
        name=name,
        room=activities_of(activity.employee).room,
        pane=None,
        schema=activity_documents.SCHEMA,
        scope="read-write" if allowed(session.actor, Action.WRITE_ACTIVITY, target) else "readonly",
        author=Author(session.person.id, session.id),
        user=shown_in_activities(session.person, activity.employee),
        private=False,
        repeated=ACTIVITY_ROW,
    )


def _open_note(connection: Connection, session: Session, id_: str, name: str) -> Opening:
    note, document = notes.get(connection, session.actor, id_)
    if note.name != name:
        raise NotFound
    return Opening(
        document=document,
        name=name,
        room=notes_of(note.owner).room,
        pane=None,
        schema=notes.SCHEMA,
        scope="read-write",
        author=Author(session.person.id, session.id),
        user=_shown(session.person, COLOURS[Pane.EMPLOYEE]),
        private=True,
        repeated=NOTE_ROW,
    )


def _open_pane(connection: Connection, session: Session, name: str) -> Opening:
    id_, pane = _parts(name)
    conversation = conversations.see_panes(connection, session.actor, id_)
    current = conversation.panes[pane]
    if not conversation.may(session.actor, Action.READ_PANE, pane):
        raise OpeningDenied("denied")
    if current.name != name:
        # Whether there ever was a generation of that name is nobody's to know but its owner's; the joint
        # pane is everybody's who reads it, and begins anew when the conversation is opened again.
        is_mine = pane is Pane.JOINT or current.facts.owner == session.person.id
        raise OpeningDenied("moved" if is_mine else "denied")
    return Opening(
        document=current.document,
        name=name,
        room=id_,
        pane=pane,
        schema=schemas(conversation.template, pane),
        scope="read-write" if conversation.may(session.actor, Action.WRITE_PANE, pane) else "readonly",
        author=Author(session.person.id, session.id),
        user=shown(conversation, session.person),
        private=_is_private(conversation, pane),
    )


def contents(connection: Connection, actor: Actor, conversation: Conversation) -> dict[Pane, Content]:
    """The content of every pane that the actor may read, in reading order."""
    return {
        pane: content_of(connection, conversation, pane)
        for pane in conversation.panes
        if conversation.may(actor, Action.READ_PANE, pane)
    }


@dataclass(frozen=True, slots=True)
class Standing:
    """One document as it stands in a transaction."""

    content: Content
    snapshot: bytes
    """One Yjs update (v1)."""


def standing(
    connection: Connection, conversation: Conversation, panes: Iterable[Pane]
) -> dict[Pane, Standing]:
    """These panes as they are stored, in reading order. The caller has asked for the right to them."""
    wanted = set(panes)
    return {pane: _standing(connection, conversation, pane) for pane in Pane if pane in wanted}


def _standing(connection: Connection, conversation: Conversation, pane: Pane) -> Standing:
    document = sharing.stored_document(connection, conversation, pane)
    try:
        return Standing(document.content(), document.snapshot())
    finally:
        document.close()


def content_of(connection: Connection, conversation: Conversation, pane: Pane) -> Content:
    """The content of one pane as it is stored. The caller has asked for the right to it."""
    document = sharing.stored_document(connection, conversation, pane)
    try:
        return document.content()
    finally:
        document.close()


def _parts(name: str) -> tuple[str, Pane]:
    id_, _, rest = name.partition("/")
    pane, _, generation = rest.partition("/")
    if pane not in _PANES or not GENERATION.fullmatch(generation):
        raise OpeningDenied("denied")
    return id_, _PANES[pane]


def _is_private(conversation: ConversationPanes, pane: Pane) -> bool:
    """Whether nobody but the owner may learn anything of the pane, not even that somebody is there."""
    facts = conversation.panes[pane].facts
    return conversation.facts.shares and facts.owner is not None and not (facts.shared and facts.opened)


@dataclass(frozen=True, slots=True)
class Reading:
    """A conversation and as much of its content as one person may read, of one moment."""

    conversation: Conversation
    contents: Mapping[Pane, Content]


class Documents:
    """The way in for pages, and the desk at which sockets ask for documents."""

    def __init__(self, database: Database, sessions: Sessions, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sessions = sessions
        self._clock = clock

    async def open(self, session: str, name: str) -> Opening:
        """As ``open_document``, for the session with this hashed id."""

        def read(connection: Connection) -> Opening:
            try:
                found = sessions.find(connection, session, self._clock())
            except NotSignedIn:
                raise OpeningDenied("denied") from None
            return open_document(connection, found, name, self._clock())

        return await self._database.glance(read)

    async def session_holds(self, session: str) -> bool:
        """Say whether the session with this hashed id holds."""
        return await self._sessions.holds(session)

    async def read(self, actor: Actor, id_: str) -> Reading:
        """A conversation with all that the actor may read of it. Raises NotFound."""

        def read(connection: Connection) -> Reading:
            conversation = conversations.see(connection, actor, id_)
            return Reading(conversation, contents(connection, actor, conversation))

        return await self._database.read(read)

    async def preview(self, actor: Actor, id_: str, pane: Pane) -> Reading:
        """The actor's own pane as the other party will see it: what sharing would write. Raises NotFound."""

        def read(connection: Connection) -> Reading:
            conversation = conversations.see(connection, actor, id_)
            if not conversation.may(actor, Action.PREVIEW_PANE, pane):
                raise NotFound
            content = content_of(connection, conversation, pane)
            return Reading(conversation, {pane: sharing.shown_to_the_other(conversation, pane, content)})

        return await self._database.read(read)
