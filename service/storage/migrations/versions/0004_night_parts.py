"""A night's frozen shards and their plans, so that a night that was stopped goes on where it stood."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record forward."""
    op.create_table(
        "night_parts",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("frozen", sa.LargeBinary(), nullable=True),
        sa.Column("plan", sa.LargeBinary(), nullable=True),
        sa.Column("written", sa.Integer(), nullable=True),
        sa.Column("dropped", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_night_parts_run_id")),
        sa.PrimaryKeyConstraint("run_id", "n", name=op.f("pk_night_parts")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("night_parts")
