"""The day from which a promise is void, told by the journal; who applied again is not recognised until that is decided anew."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_JOURNAL = sa.table("journal", *(sa.column(name) for name in ("seq", "at", "object_type", "object_id", "action")))
_PROMISES = sa.table("promises", sa.column("promise_id"), sa.column("state"), sa.column("voided_on", sa.Date()))
_HOUSEHOLDS = sa.table("households", sa.column("status"), sa.column("recognised_on", sa.Date()))


def upgrade() -> None:
    """Bring the record forward."""
    op.add_column("promises", sa.Column("voided_on", sa.Date(), nullable=True))
    voids = sa.select(_JOURNAL.c.object_id, _JOURNAL.c.at).where(
        _JOURNAL.c.object_type == "promises", _JOURNAL.c.action == "promise.void"
    )
    for promise_id, at in op.get_bind().execute(voids.order_by(_JOURNAL.c.seq)).all():
        mine = sa.and_(_PROMISES.c.promise_id == promise_id, _PROMISES.c.state == "void")
        op.execute(_PROMISES.update().where(mine).values(voided_on=date.fromisoformat(str(at)[:10])))
    again = _HOUSEHOLDS.c.status.in_(["applied", "refused"])
    op.execute(_HOUSEHOLDS.update().where(again).values(recognised_on=None))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("promises", "voided_on")
