"""What a snapshot knows stands beside it, so that a document can be opened without reading through it.

Where nothing stands, and where the snapshot is not what it was then, it is read through as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make room for it; it is filled in when a document is folded the next time."""
    op.add_column("document_snapshot", sa.Column("state_vector", sa.LargeBinary(), nullable=True))
    op.add_column("document_snapshot", sa.Column("checksum", sa.BigInteger(), nullable=True))
