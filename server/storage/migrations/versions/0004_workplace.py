"""What stands round the conversation: how the organisation has it, and who stands in for whom."""

import sqlalchemy as sa
from alembic import op

from crdt.content import Content, TextContent
from crdt.document import Document
from crdt.schema import DocumentSchema, Scalar, Text, Value
from server.rules.limits import UPDATE

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make and change the tables, one concern after the other."""
    _policy()
    _delegation()
    _planning()
    _documents_of_no_conversation()
    _activity()
    _activity_comment()
    _note()
    _activities_get_documents()
    _keeping()
    _handover()
    _letters()
    _preparing()
    _coverage()


def _coverage() -> None:
    op.create_index(
        op.f("ix_record_conversation_id"), "record", ["conversation_id", "closed_at"], unique=False
    )


def _preparing() -> None:
    op.create_table(
        "preparation",
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_preparation_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_preparation_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "person_id", name=op.f("pk_preparation")),
    )
    op.create_index(op.f("ix_preparation_person_id"), "preparation", ["person_id"], unique=False)


def _planning() -> None:
    for name in ("sends_routine", "sends_plan", "must_read"):
        op.add_column(
            "conversation", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.create_table(
        "request",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("employee_id", sa.String(length=64), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("times", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_request_answered_by")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_request_conversation_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["person.id"], name=op.f("fk_request_employee_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_index(op.f("ix_request_employee_id"), "request", ["employee_id"], unique=False)


def _policy() -> None:
    op.create_table(
        "policy",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_policy_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
    )


def _delegation() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("manager_id", sa.String(length=64), nullable=False),
        sa.Column("stand_in_id", sa.String(length=64), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["person.id"], name=op.f("fk_delegation_manager_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["stand_in_id"], ["person.id"], name=op.f("fk_delegation_stand_in_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index(op.f("ix_delegation_manager_id"), "delegation", ["manager_id"], unique=False)
    op.create_index(op.f("ix_delegation_stand_in_id"), "delegation", ["stand_in_id"], unique=False)


def _documents_of_no_conversation() -> None:
    """Let a document belong to no conversation, keeping its rows, its numbers and what refers to it."""
    columns = {"conversation_id": "VARCHAR(64)", "pane": "VARCHAR(16)"}
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        for column in columns:
            op.alter_column("document", column, nullable=True)
        return
    # SQLite cannot alter a column, and a table that is made anew takes with it every row that refers to it.
    # So the words are taken out of its definition, as https://sqlite.org/lang_altertable.html has it.
    read = sa.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'document'")
    before = after = connection.execute(read).scalar_one()
    for column, kind in columns.items():
        after = after.replace(f"{column} {kind} NOT NULL", f"{column} {kind}")
    if before.count("NOT NULL") - after.count("NOT NULL") != len(columns):
        raise RuntimeError(f"the table document is not as it was made: {before}")
    schema = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = 'document'"),
        {"sql": after},
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {schema + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def _activity() -> None:
    with op.batch_alter_table("activity") as table:
        table.add_column(sa.Column("document_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("owner_id", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("follow_up_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("cancelled_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("cancel_reason", sa.Text(), nullable=True))
        table.add_column(sa.Column("created_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("created_by", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("archive", sa.JSON(), nullable=True))
        table.create_foreign_key(op.f("fk_activity_document_id"), "document", ["document_id"], ["id"])
        table.create_foreign_key(op.f("fk_activity_owner_id"), "person", ["owner_id"], ["id"])
        table.create_foreign_key(op.f("fk_activity_created_by"), "person", ["created_by"], ["id"])
    op.create_index(op.f("ix_activity_owner_id"), "activity", ["owner_id"], unique=False)
    op.create_index(op.f("ix_activity_from_conversation"), "activity", ["from_conversation"], unique=False)
    op.create_index(op.f("ix_activity_document_id"), "activity", ["document_id"], unique=True)


def _activity_comment() -> None:
    op.create_table(
        "activity_comment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("activity_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity.id"],
            name=op.f("fk_activity_comment_activity_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_activity_comment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_comment")),
    )
    op.create_index(
        op.f("ix_activity_comment_activity_id"), "activity_comment", ["activity_id"], unique=False
    )


def _note() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("about_person", sa.String(length=64), nullable=True),
        sa.Column("about_conversation", sa.String(length=64), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("beginning", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["person.id"], name=op.f("fk_note_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["about_person"], ["person.id"], name=op.f("fk_note_about_person")),
        sa.ForeignKeyConstraint(
            ["about_conversation"],
            ["conversation.id"],
            name=op.f("fk_note_about_conversation"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_note_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        sa.UniqueConstraint("document_id", name=op.f("uq_note_document_id")),
    )
    op.create_index(op.f("ix_note_owner_id"), "note", ["owner_id"], unique=False)
    op.create_index(op.f("ix_note_about_person"), "note", ["about_person"], unique=False)
    op.create_index(op.f("ix_note_about_conversation"), "note", ["about_conversation"], unique=False)


def _activities_get_documents() -> None:
    """What there is becomes live: title and date as they stand, in a document of the first schema."""
    schema = DocumentSchema(
        (
            Text("title", rich=False),
            Text("goal", rich=False),
            Text("description"),
            Text("develop"),
            Text("how"),
            Value("owner", Scalar.PERSON),
            Value("do", Scalar.DATE),
            Value("follow_up", Scalar.DATE),
        )
    )
    connection = op.get_bind()
    activity = sa.table("activity", *map(sa.column, ("id", "employee_id", "title", "document_id")))
    due_on = sa.column("due_on", sa.Date())
    document = sa.table("document", sa.column("id"), sa.column("name"))
    snapshot = sa.table("document_snapshot", *map(sa.column, ("document_id", "sequence", "snapshot")))
    rows = connection.execute(
        sa.select(activity.c.id, activity.c.employee_id, activity.c.title, due_on)
    ).all()
    for row in rows:
        # A title is one line, without NUL, and the row says what the document says, up to 300 characters.
        title = " ".join(row.title.replace("\0", "").splitlines())
        line: TextContent = [{"type": "paragraph", "runs": [{"text": title}] if title else []}]
        content: Content = {"title": line}
        if row.due_on is not None:
            content["do"] = row.due_on.isoformat()
        made = Document.made(schema, UPDATE, content)
        number = connection.execute(
            sa.insert(document).values(name=f"activities/{row.employee_id}/{row.id}").returning(document.c.id)
        ).scalar_one()
        connection.execute(
            sa.insert(snapshot).values(document_id=number, sequence=0, snapshot=made.snapshot())
        )
        made.close()
        connection.execute(
            sa.update(activity).where(activity.c.id == row.id).values(title=title[:300], document_id=number)
        )


def _keeping() -> None:
    op.add_column("person", sa.Column("left_on", sa.Date(), nullable=True))
    # When somebody had left before this was counted is not known: nothing is erased too early.
    op.execute("UPDATE person SET left_on = CURRENT_DATE WHERE NOT active")
    op.create_table(
        "own_bundle",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("steps_total", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_own_bundle_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_bundle")),
    )
    op.create_index(op.f("ix_own_bundle_person_id"), "own_bundle", ["person_id"], unique=False)
    op.create_table(
        "own_bundle_file",
        sa.Column("bundle_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["own_bundle.id"], name=op.f("fk_own_bundle_file_bundle_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("bundle_id", "number", name=op.f("pk_own_bundle_file")),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=True),
        sa.Column("conversation_id", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_hold_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_hold_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["placed_by"], ["person.id"], name=op.f("fk_hold_placed_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_person_id"), "hold", ["person_id"], unique=False)
    op.create_index(op.f("ix_hold_conversation_id"), "hold", ["conversation_id"], unique=False)
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    op.create_index(op.f("ix_erasure_at"), "erasure", ["at"], unique=False)
    op.create_index(op.f("ix_erasure_person"), "erasure", ["person"], unique=False)


def _handover() -> None:
    op.add_column("pane", sa.Column("withheld", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Without a foreign key: SQLite would make the table anew, and lose the rows that refer to it.
    op.add_column("record", sa.Column("responsible_id", sa.String(length=64), nullable=True))
    # Nothing had been handed over before there was a way to.
    op.execute(
        "UPDATE record SET responsible_id ="
        " (SELECT responsible_id FROM conversation WHERE conversation.id = record.conversation_id)"
    )
    op.create_table(
        "handover",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("predecessor_id", sa.String(length=64), nullable=False),
        sa.Column("successor_id", sa.String(length=64), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_handover_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["predecessor_id"], ["person.id"], name=op.f("fk_handover_predecessor_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["person.id"], name=op.f("fk_handover_successor_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_handover_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index(op.f("ix_handover_conversation_id"), "handover", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_handover_predecessor_id"), "handover", ["predecessor_id"], unique=False)
    op.create_table(
        "handover_part",
        sa.Column("handover_id", sa.String(length=64), nullable=False),
        sa.Column(
            "pane",
            sa.Enum(
                "employee",
                "manager",
                "joint",
                name="pane",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("received", sa.Boolean(), nullable=False),
        sa.Column("goes_over", sa.Boolean(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshot", sa.LargeBinary(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handover_part_handover_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("handover_id", "pane", name=op.f("pk_handover_part")),
    )


def _letters() -> None:
    """Let letters be about no conversation, and know what reminds of the same thing for the same day."""
    with op.batch_alter_table("letter") as table:
        table.add_column(sa.Column("matter", sa.String(length=128), nullable=True))
        table.add_column(sa.Column("day", sa.Date(), nullable=True))
    op.execute("UPDATE letter SET matter = conversation_id")
    with op.batch_alter_table("letter") as table:
        table.alter_column("matter", existing_type=sa.String(length=128), nullable=False)
        table.alter_column("conversation_id", existing_type=sa.String(length=64), nullable=True)
    op.create_index(op.f("ix_letter_matter"), "letter", ["matter", "person_id", "kind", "day"], unique=True)
    op.create_table(
        "letter_choice",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_letter_choice_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_letter_choice")),
    )
