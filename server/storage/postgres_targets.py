"""What decides about appends on PostgreSQL: documents and their conversations, locked and read; authors."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from server.rules.access import GOES_ON, ConversationFacts, NoteFacts, PaneFacts, PersonFacts, Role
from server.storage.rights import AuthorFacts, Written, activity_facts, writing_guests
from server.storage.tables import (
    activity,
    conversation,
    document,
    document_client,
    note,
    pane,
    person,
    session,
)


def lock(connection: Connection, documents: Sequence[int]) -> dict[int, tuple[Written, int]]:
    """Lock the documents, and their conversations against freeze and share; read what decides, and each
    log's last number."""
    # A statement of its own: one that waits for a lock sees the other tables as they were before it
    # waited, so a share that it waited for would not be noticed.
    connection.execute(
        select(conversation.c.id)
        .where(conversation.c.id.in_(select(document.c.conversation_id).where(document.c.id.in_(documents))))
        .order_by(conversation.c.id)
        .with_for_update(read=True)
    )
    found = connection.execute(
        select(
            document.c.id,
            document.c.last,
            document.c.pane,
            conversation.c.employee_id,
            conversation.c.responsible_id,
            conversation.c.state,
            conversation.c.shares,
            conversation.c.joint_writers,
            pane.c.owner_id,
            pane.c.document_id,
            pane.c.shared_at,
            pane.c.opened_at,
            pane.c.withheld,
        )
        .join(conversation, conversation.c.id == document.c.conversation_id)
        .outerjoin(
            pane,
            (pane.c.conversation_id == document.c.conversation_id) & (pane.c.pane == document.c.pane),
        )
        .where(document.c.id.in_(documents))
        # Every node in the same order, so that none waits for another that waits for it.
        .order_by(document.c.id)
        .with_for_update(of=document)
    )
    targets: dict[int, tuple[Written, int]] = {
        row.id: (
            PaneFacts(
                conversation=ConversationFacts(
                    row.employee_id,
                    row.responsible_id,
                    row.state,
                    row.shares,
                    guests=writing_guests(row.joint_writers),
                ),
                pane=row.pane,
                owner=row.owner_id,
                shared=row.shared_at is not None,
                opened=row.opened_at is not None,
                current=row.document_id == row.id,
                withheld=bool(row.withheld),
            ),
            row.last,
        )
        for row in found
    }
    if len(targets) < len(documents):
        targets |= _lock_kept(connection, [each for each in documents if each not in targets])
    return targets


def _lock_kept(connection: Connection, documents: Sequence[int]) -> dict[int, tuple[Written, int]]:
    """The same of documents that belong to no conversation: after all panes, in the same order too."""
    # A statement of its own, for the same reason: the turns of an activity lock the document's row.
    lasts = {
        row.id: row.last
        for row in connection.execute(
            select(document.c.id, document.c.last)
            .where(document.c.id.in_(documents))
            .order_by(document.c.id)
            .with_for_update()
        )
    }
    if not lasts:
        return {}
    found = connection.execute(
        select(
            document.c.id,
            activity.c.employee_id,
            activity.c.state,
            person.c.manager_id,
            note.c.owner_id,
        )
        .select_from(document)
        .outerjoin(activity, activity.c.document_id == document.c.id)
        .outerjoin(person, person.c.id == activity.c.employee_id)
        .outerjoin(note, note.c.document_id == document.c.id)
        .where(document.c.id.in_(lasts))
    ).all()
    responsibles = _responsibles(connection, {row.employee_id for row in found if row.employee_id})
    targets: dict[int, tuple[Written, int]] = {}
    for row in found:
        if row.owner_id is not None:
            targets[row.id] = NoteFacts(row.owner_id), lasts[row.id]
        elif row.employee_id is not None:
            employee = PersonFacts(
                row.employee_id,
                row.manager_id,
                responsibles=frozenset(responsibles.get(row.employee_id, ())),
            )
            targets[row.id] = activity_facts(employee, row.state), lasts[row.id]
    return targets


def _responsibles(connection: Connection, employees: set[str]) -> dict[str, list[str]]:
    """Who is responsible for a conversation that goes on: employee -> persons."""
    found: dict[str, list[str]] = {}
    if employees:
        rows = connection.execute(
            select(conversation.c.employee_id, conversation.c.responsible_id).where(
                conversation.c.employee_id.in_(employees), conversation.c.state.in_(GOES_ON)
            )
        )
        for employee, responsible in rows:
            found.setdefault(employee, []).append(responsible)
    return found


def authors(connection: Connection, sessions: set[str]) -> dict[tuple[str, str], AuthorFacts]:
    """Read what decides about the authors: (session, person) -> facts."""
    found = connection.execute(
        select(
            session.c.id_hash,
            session.c.person_id,
            session.c.began_at,
            session.c.seen_at,
            session.c.ended_at,
            person.c.active,
            person.c.roles,
        )
        .join(person, person.c.id == session.c.person_id)
        .where(session.c.id_hash.in_(sessions))
    )
    return {
        (row.id_hash, row.person_id): AuthorFacts(
            began_at=row.began_at,
            seen_at=row.seen_at,
            ended_at=row.ended_at,
            active=row.active,
            roles=frozenset(Role(role) for role in row.roles),
        )
        for row in found
    }


def owners(connection: Connection, documents: set[int]) -> dict[int, dict[int, str]]:
    """Read whose the Yjs client ids are: document -> client -> person."""
    owners: dict[int, dict[int, str]] = {}
    if documents:
        found = connection.execute(
            select(document_client).where(document_client.c.document_id.in_(documents))
        )
        for row in found:
            owners.setdefault(row.document_id, {})[row.client] = row.person_id
    return owners
