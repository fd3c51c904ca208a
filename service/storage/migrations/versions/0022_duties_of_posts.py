"""Duties of a post, in the employer's words."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record forward."""
    op.add_column("positions", sa.Column("duties", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("positions", "duties")
