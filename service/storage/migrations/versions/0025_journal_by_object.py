"""The journal is looked up by what an entry is about; without an index every opening of a household's file read all of it."""

from alembic import op

revision = "0025"
down_revision = "0022b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record forward."""
    op.create_index("ix_journal_object_id", "journal", ["object_id"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_journal_object_id", table_name="journal")
