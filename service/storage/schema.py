"""The record's tables, made from the data dictionary, and the few the service needs beside them."""

from typing import Any

import sqlalchemy as sa

from matching.tables import EXCHANGE, Column, Kind, Table

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

_TYPES: dict[Kind, Any] = {
    Kind.ID: sa.String(64), Kind.TEXT: sa.Text(), Kind.CODE: sa.String(64), Kind.DATE: sa.Date(), Kind.MONTH: sa.String(7),
    Kind.INT: sa.BigInteger(), Kind.MONEY: sa.BigInteger(), Kind.FLOAT: sa.Float(), Kind.BOOL: sa.Boolean(), Kind.SET: sa.Text(),
    Kind.MAP: sa.Text(),
}  # fmt: skip

_LOOKED_UP = {"member_id", "household_id", "position_id", "employer_id", "run_id", "request_id"}


def _column(table: Table, column: Column) -> sa.Column[Any]:
    keys = {t.name: t.key[0] for t in EXCHANGE}
    links = [] if column.references is None else [sa.ForeignKey(f"{column.references}.{keys[column.references]}")]
    own_key = column.name in table.key
    return sa.Column(
        column.name, _TYPES[column.kind], *links, primary_key=own_key, nullable=column.nullable,
        index=(column.name in _LOOKED_UP and table.key != (column.name,)) or None, autoincrement=False if own_key else "auto",
    )  # fmt: skip


def _checks(table: Table) -> list[sa.CheckConstraint]:
    out = []
    for c in table.columns:
        if c.kind is Kind.CODE and c.codes is not None:
            listed = ", ".join(f"'{code}'" for code in sorted(c.codes))
            out.append(sa.CheckConstraint(f"{_quoted(c.name)} IN ({listed})", name=f"{c.name}_known"))
        if c.kind in (Kind.INT, Kind.MONEY, Kind.FLOAT) and c.low is not None:
            upper = "" if c.high is None else f" AND {_quoted(c.name)} <= {c.high:.15g}"
            out.append(sa.CheckConstraint(f"{_quoted(c.name)} >= {c.low:.15g}{upper}", name=f"{c.name}_range"))
    return out


def _quoted(name: str) -> str:
    return f'"{name}"' if name in ("standing", "exit", "before", "after", "type", "at", "text", "decision") else name


_RULES: dict[str, tuple[Any, ...]] = {
    "positions": (
        sa.CheckConstraint("openings_left <= openings_total", name="openings_within_total"),
        sa.CheckConstraint("wage_max >= wage_min", name="wage_order"),
    ),
    "referrals": (sa.CheckConstraint("started_on IS NULL OR started_on >= created_on", name="start_after_referral"),),
    "placements": (sa.CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="end_after_start"),),
    "promises": (sa.CheckConstraint("due_on >= started_on", name="due_after_start"),),
}

for _table in EXCHANGE:
    sa.Table(
        _table.name,
        metadata,
        *(_column(_table, c) for c in _table.columns),
        *_checks(_table),
        *_RULES.get(_table.name, ()),
    )

_referrals, _pairings = metadata.tables["referrals"], metadata.tables["pairings"]
_OPEN = sa.text("state IN ('accepted', 'attended', 'draft', 'issued', 'offered')")
sa.Index(
    "one_open_referral_a_pair",
    _referrals.c.member_id,
    _referrals.c.position_id,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
_ACTIVE = sa.text("ended_on IS NULL")
sa.Index("one_active_pairing", _pairings.c.household_id, unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE)

_journal = metadata.tables["journal"]
sa.Index("ix_journal_object_id", _journal.c.object_id)

identities = sa.Table(
    "identities", metadata,
    sa.Column("member_id", sa.String(64), sa.ForeignKey("members.member_id"), primary_key=True),
    sa.Column("sealed", sa.LargeBinary(), nullable=False),
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("address_token", sa.String(64), index=True),
)  # fmt: skip
"""Name, identity number, phone and address of members, encrypted; no other table holds them. ``address_token`` is a keyed hash of the address."""

officer_identities = sa.Table(
    "officer_identities", metadata,
    sa.Column("caseworker_id", sa.String(64), sa.ForeignKey("caseworkers.caseworker_id"), primary_key=True),
    sa.Column("sealed", sa.LargeBinary(), nullable=False),
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("address_token", sa.String(64), index=True),
)  # fmt: skip
"""The same of caseworkers: their address alone, for the check that nobody refers their own household to a public-welfare post."""

VAULTS = {"members": identities, "caseworkers": officer_identities}
"""Table of people → where what the vault sealed of them is kept, by the same key."""

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("n", sa.BigInteger(), nullable=False),
)
"""Committed writes a table; their sum is the version of the store."""

touched = sa.Table(
    "touched", metadata,
    sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("owner", sa.String(32), nullable=False),
    sa.Column("id", sa.String(64), nullable=False),
)  # fmt: skip
"""The change feed (``service.storage.feed``): an owner column and whose rows a committed write concerns."""

leases = sa.Table(
    "leases", metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(200), nullable=False),
    sa.Column("until", sa.Float(), nullable=False),
)  # fmt: skip
"""Who runs what no two may run at once, and until when (seconds since 1970)."""

refused_rows = sa.Table(
    "refused_rows", metadata,
    sa.Column("import_id", sa.String(64), primary_key=True),
    sa.Column("n", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("file", sa.Text(), nullable=False),
    sa.Column("row", sa.Integer(), nullable=False),
    sa.Column("column", sa.Text(), nullable=False),
    sa.Column("found", sa.Text(), nullable=False),
    sa.Column("expected", sa.Text(), nullable=False),
)  # fmt: skip
"""Cells an import refused, so that the list can be asked for again."""

accounts = sa.Table(
    "accounts", metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("regions", sa.Text(), nullable=False),
    sa.Column("password", sa.Text(), nullable=True),
    sa.Column("subject", sa.String(255), nullable=True, unique=True),
    sa.Column("disabled", sa.Boolean(), nullable=False),
    sa.Column("made_at", sa.Float(), nullable=False),
    sa.Column("made_by", sa.String(64), nullable=False),
    sa.CheckConstraint("regions <> ''", name="regions_said"),
)  # fmt: skip
"""Who may log in: role, region scope, password hash (argon2id) or the subject an identity provider gives."""

sessions = sa.Table(
    "sessions", metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("account", sa.String(64), sa.ForeignKey("accounts.name"), nullable=False, index=True),
    sa.Column("made_at", sa.Float(), nullable=False),
    sa.Column("seen_at", sa.Float(), nullable=False),
)  # fmt: skip
"""Open log-ins by the hash of their token (seconds since 1970); a deleted row is a closed one."""

provider_logins = sa.Table(
    "provider_logins", metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("state", sa.String(64), nullable=False),
    sa.Column("nonce", sa.String(64), nullable=False),
    sa.Column("verifier", sa.String(128), nullable=False),
    sa.Column("back", sa.Text(), nullable=False),
    sa.Column("made_at", sa.Float(), nullable=False),
)  # fmt: skip
"""Log-ins that wait for the identity provider's answer, by the hash of the browser's token (seconds since 1970)."""

api_keys = sa.Table(
    "api_keys", metadata,
    sa.Column("key_id", sa.String(16), primary_key=True),
    sa.Column("account", sa.String(64), sa.ForeignKey("accounts.name"), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("made_at", sa.Float(), nullable=False),
    sa.Column("expires_at", sa.Float(), nullable=False),
    sa.Column("revoked_at", sa.Float(), nullable=True),
)  # fmt: skip
"""Keys of other systems by their public head; the secret part only as a hash."""

failures = sa.Table(
    "failures", metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("n", sa.Integer(), nullable=False),
    sa.Column("until", sa.Float(), nullable=False),
    sa.Column("last_at", sa.Float(), nullable=False),
)  # fmt: skip
"""Failed log-ins in a row by the name that was tried, whether there is such an account or not, and until when it is shut."""

approvals = sa.Table(
    "approvals", metadata,
    sa.Column("approval_id", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("object_type", sa.String(64), nullable=False),
    sa.Column("object_id", sa.String(64), nullable=False),
    sa.Column("region_code", sa.String(64), nullable=False),
    sa.Column("payload", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("proposed_by", sa.String(64), nullable=False),
    sa.Column("proposed_at", sa.String(40), nullable=False),
    sa.Column("decided_by", sa.String(64), nullable=True),
    sa.Column("decided_at", sa.String(40), nullable=True),
    sa.Column("answer", sa.Text(), nullable=True),
    sa.CheckConstraint("state IN ('proposed', 'approved', 'refused')", name="state_known"),
    sa.CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="decided_by_somebody"),
)  # fmt: skip
"""Steps that need two people: what one proposed and what another decided. ``region_code`` is empty for the whole office's."""

night_parts = sa.Table(
    "night_parts", metadata,
    sa.Column("run_id", sa.String(64), sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("n", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("frozen", sa.LargeBinary()),
    sa.Column("plan", sa.LargeBinary()),
    sa.Column("written", sa.Integer()),
    sa.Column("dropped", sa.Integer()),
)  # fmt: skip
"""A night by shards: the snapshot each was planned from, its plan, and, once written, how many proposals went in and how many no longer could."""

bulletins = sa.Table(
    "bulletins", metadata,
    sa.Column("bulletin_id", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("period", sa.String(16), nullable=False),
    sa.Column("level", sa.String(16), nullable=False),
    sa.Column("scope", sa.String(255), nullable=False),
    sa.Column("revision", sa.Integer(), nullable=False),
    sa.Column("figures", sa.Text(), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("published_by", sa.String(64), nullable=False),
    sa.Column("published_at", sa.String(32), nullable=False),
    sa.Column("note", sa.Text(), nullable=False),
    sa.UniqueConstraint("kind", "period", "level", "scope", "revision"),
)  # fmt: skip
"""Bulletins as they were published; a trigger refuses every change. ``scope`` is the heads of regions they speak of."""

uploads = sa.Table(
    "uploads", metadata,
    sa.Column("upload_id", sa.String(64), primary_key=True),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("scope", sa.String(255), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("size", sa.BigInteger(), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("table_name", sa.String(64), nullable=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("report", sa.Text(), nullable=True),
    sa.Column("made_at", sa.String(40), nullable=False),
    sa.Column("ended_at", sa.String(40), nullable=True),
)  # fmt: skip
"""Files that were sent in: who sent them, and what became of them. The file itself lies in the home folder until it is in, a day at most."""

mappings = sa.Table(
    "mappings", metadata,
    sa.Column("scope", sa.String(255), primary_key=True),
    sa.Column("table_name", sa.String(64), primary_key=True),
    sa.Column("header", sa.String(200), primary_key=True),
    sa.Column("column", sa.String(64), nullable=False),
)  # fmt: skip
"""An office's own headers: the column each means, "" for one that is not kept. ``scope`` is the regions of the office."""
