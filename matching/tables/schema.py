"""What a column and a table are."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a column is held in a canonical frame.

    ========  ===================  ==========================================================
    kind      dtype                form
    ========  ===================  ==========================================================
    id, text  str                  trimmed text; ids may not hold control characters
    code      str                  one of ``codes``; free codes (occupation, region) have none
    date      datetime64[s]        midnight of the local day
    month     str                  ``YYYY-MM``
    int       int64 / Int64        whole number; ``Int64`` where null is allowed
    money     int64 / Int64        fen
    float     float64              NaN where null is allowed
    bool      bool / boolean       ``boolean`` where null is allowed
    set       str                  sorted, ``;``-joined, no repeats; "" is the empty set
    map       str                  ``key:value`` sorted by key and ``;``-joined; "" is the empty map
    ========  ===================  ==========================================================
    """

    ID = "id"
    TEXT = "text"
    CODE = "code"
    DATE = "date"
    MONTH = "month"
    INT = "int"
    MONEY = "money"
    FLOAT = "float"
    BOOL = "bool"
    SET = "set"
    MAP = "map"


REQUIRED = object()
"""Default of a column that must be present."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the data dictionary.

    ``nullable`` means a null cell is allowed and says *unknown*. ``default`` is what an absent column or an empty cell of a
    column that is not nullable means; ``REQUIRED`` means there is no such value.
    """

    name: str
    kind: Kind
    meaning: str
    nullable: bool = False
    default: object = REQUIRED
    unit: str = ""
    low: float | None = None
    high: float | None = None
    codes: frozenset[str] | None = None
    references: str | None = None

    @property
    def required(self) -> bool:
        """Whether a file without this column is refused."""
        return not self.nullable and self.default is REQUIRED

    @property
    def expected(self) -> str:
        """What a cell must hold, in words for an error message."""
        if self.codes is not None:
            some = "|".join(sorted(self.codes))
            return f"{'any of ' if self.kind in (Kind.SET, Kind.MAP) else 'one of '}{some}"
        words = {
            Kind.ID: "an identifier (text, 1-64 characters)", Kind.TEXT: "text", Kind.CODE: "a code (text)",
            Kind.DATE: "a date YYYY-MM-DD", Kind.MONTH: "a month YYYY-MM", Kind.INT: "a whole number",
            Kind.MONEY: "an amount in whole fen", Kind.FLOAT: "a number", Kind.BOOL: "true or false",
            Kind.SET: "codes joined by ;", Kind.MAP: "key:value pairs joined by ;",
        }[self.kind]  # fmt: skip
        if self.low is not None and self.high is not None:
            return f"{words} from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"{words}, at least {self.low:g}"
        return words


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the data dictionary: its columns in order and the columns that identify a row.

    ``last_wins`` says that a second row with the same key corrects the first; elsewhere it is refused.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    last_wins: bool = False

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in their order."""
        return tuple(c.name for c in self.columns)
