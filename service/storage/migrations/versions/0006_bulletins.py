"""Published bulletins, which nobody changes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record forward."""
    op.create_table(
        "bulletins",
        sa.Column("bulletin_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("period", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=255), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bulletin_id", name=op.f("pk_bulletins")),
        sa.UniqueConstraint("kind", "period", "level", "scope", "revision", name=op.f("uq_bulletins_kind")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION bulletins_are_final() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'a published bulletin is final'; END $$"
        )
        op.execute(
            "CREATE TRIGGER bulletins_are_final BEFORE UPDATE OR DELETE ON bulletins "
            "FOR EACH ROW EXECUTE FUNCTION bulletins_are_final()"
        )
    else:
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER bulletins_no_{what.lower()} BEFORE {what} ON bulletins "
                "BEGIN SELECT RAISE(ABORT, 'a published bulletin is final'); END"
            )


def downgrade() -> None:
    """Take it back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER bulletins_are_final ON bulletins")
        op.execute("DROP FUNCTION bulletins_are_final()")
    op.drop_table("bulletins")
