"""Log-ins that wait for the identity provider's answer."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record forward."""
    op.create_table(
        "provider_logins",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("back", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_provider_logins")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("provider_logins")
