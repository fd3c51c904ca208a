"""The life of a promise: the pause that runs, the day it broke, and what it reopens."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record forward."""
    with op.batch_alter_table("promises") as batch:
        batch.add_column(sa.Column("paused_since", sa.Date(), nullable=True))
        batch.add_column(sa.Column("pause_reason", sa.Text(), nullable=True))
        batch.add_column(sa.Column("breached_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("reopens_id", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("promises") as batch:
        for name in ("reopens_id", "breached_on", "pause_reason", "paused_since"):
            batch.drop_column(name)
