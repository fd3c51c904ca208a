"""Addresses in the vault, compared by keyed hash: of members, and of caseworkers."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record forward."""
    with op.batch_alter_table("identities") as table:
        table.add_column(sa.Column("address_token", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_identities_address_token"), "identities", ["address_token"])
    op.create_table(
        "officer_identities",
        sa.Column("caseworker_id", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("address_token", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["caseworker_id"], ["caseworkers.caseworker_id"], name=op.f("fk_officer_identities_caseworker_id")
        ),
        sa.PrimaryKeyConstraint("caseworker_id", name=op.f("pk_officer_identities")),
    )
    op.create_index(op.f("ix_officer_identities_address_token"), "officer_identities", ["address_token"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("officer_identities")
    op.drop_index(op.f("ix_identities_address_token"), table_name="identities")
    with op.batch_alter_table("identities") as table:
        table.drop_column("address_token")
