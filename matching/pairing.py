"""Members beside posts: what both sides' columns say of many pairs at once. Shared by eligibility and features."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from matching.arrays import Bools, Floats, Ints
from matching.pair_columns import MemberColumns, PositionColumns
from matching.splicing import Splice, taken
from matching.tokens import TokenColumn, overlap
from matching.vocabulary import POSITION_KINDS

KM_PER_DEGREE = 111.195
"""Kilometres a degree of latitude."""

MINUTES_FIXED, DETOUR, SPEED_KMH = 8.0, 1.3, 18.0
"""Way to work: 8 minutes door to door, 1.3 times the straight line, 18 km/h (domain model, section 7.4)."""


def commute_minutes(km: Floats) -> Floats:
    """Return minutes for straight-line kilometres."""
    return MINUTES_FIXED + km * (60.0 * DETOUR / SPEED_KMH)


def reach_km(minutes: Floats) -> Floats:
    """Return the straight-line kilometres that can be travelled in so many minutes; 0 below the fixed part."""
    return np.maximum(minutes - MINUTES_FIXED, 0.0) / (60.0 * DETOUR / SPEED_KMH)


class Pairing:
    """Members and posts on the same day, with the small tables that compare their code sets (made once, when first asked for)."""

    def __init__(self, members: MemberColumns, positions: PositionColumns) -> None:
        self.members = members
        self.positions = positions
        self._of_posts: dict[Callable[[PositionColumns], np.ndarray], np.ndarray] = {}

    def of_posts(self, make: Callable[[PositionColumns], np.ndarray]) -> np.ndarray:
        """Return what ``make`` works out of each post alone, (n_positions, ...); it is asked once for these posts."""
        if make not in self._of_posts:
            self._of_posts[make] = make(self.positions)
        return self._of_posts[make]

    def minutes(self, mi: Ints, pj: Ints) -> Floats:
        """Return (n,) commute minutes; 0 when worked at home, NaN when a place is unknown. Here as below rows of one side may be (1,)."""
        m, p = self.members, self.positions
        lat, there = m.lat[mi], p.lat[pj]
        x = (m.lng[mi] - p.lng[pj]) * np.cos(np.radians((lat + there) / 2.0))
        y = lat - there
        km = np.sqrt(x * x + y * y) * KM_PER_DEGREE
        return np.where(p.home_based[pj], 0.0, commute_minutes(km))

    def shared(self, name: str, mi: Ints, pj: Ints) -> Ints:
        """Return (n,) how many codes both sides share in one of the compared columns (see ``_SIDES``)."""
        left, right = self._side(name)
        table = self._table(name)
        return np.asarray(table.ravel()[left.codes[mi] * table.shape[1] + right.codes[pj]])

    def asked(self, name: str, mi: Ints, pj: Ints) -> Ints:
        """Return (n,) how many codes the asking side of a compared column has."""
        left, right = self._side(name)
        if _SIDES[name][2] == "member":
            return left.sizes[left.codes[mi]]
        return right.sizes[right.codes[pj]]

    def shared_by(self, name: str, i: int) -> Ints:
        """Return (n_distinct,) how many codes member row ``i`` shares with each distinct set of a compared column of the posts."""
        left, _ = self._side(name)
        counts: Ints = self._table(name)[left.codes[i]]
        return counts

    def experience(self, mi: Ints, pj: Ints, width: int | None) -> Floats:
        """Return (n,) months in the post's occupation (``width`` None), or in its group of that many leading characters."""
        tokens, codes = self._occupation_tokens[width], self.positions.occupation.codes[pj]
        if len(mi) == 1 and len(tokens) < len(pj):  # one member is looked up once an occupation
            return self.members.experience.lookup(mi, tokens)[codes]
        return self.members.experience.lookup(mi, tokens[codes])

    def beside(self, i: int) -> "Pairing":
        """Return one member, as row 0, beside the same posts: its tables of code sets are one row high."""
        one = self.with_members(taken(self.members, np.array([i])))
        one.__dict__.update(kind_column=self.kind_column, _occupation_tokens=self._occupation_tokens)
        return one

    def with_posts(self, members: MemberColumns, part: PositionColumns, posts: Splice) -> "Pairing":
        """Return these posts, the rows of a part put in their places, beside members; of what was worked out about posts only the part's is anew."""
        found = Pairing(members, posts.columns(self.positions, part))
        # copied first: a request beside this one may be the first to ask for something
        found._of_posts = {make: posts.array(kept, make(part)) for make, kept in dict(self._of_posts).items()}
        return found

    def with_members(self, members: MemberColumns) -> "Pairing":
        """Return the same posts, with what was worked out about them, beside members."""
        found = Pairing(members, self.positions)
        found._of_posts = self._of_posts
        return found

    @cached_property
    def kind_column(self) -> TokenColumn:
        """The posts' kinds as a code column."""
        return TokenColumn(
            self.positions.kind, tuple((k,) for k in POSITION_KINDS), tuple((k,) for k in POSITION_KINDS)
        )

    @cached_property
    def _occupation_tokens(self) -> dict[int | None, Ints]:
        index = self.members.experience.tokens
        codes = [s[0] if s else "" for s in self.positions.occupation.sets]
        return {w: np.array([index.get(c[:w], -1) for c in codes], dtype=np.int64) for w in (None, 3, 1)}

    def _side(self, name: str) -> tuple[TokenColumn, TokenColumn]:
        left, right, _ = _SIDES[name]
        return getattr(self.members, left), self.kind_column if right == "kind" else getattr(self.positions, right)

    def _table(self, name: str) -> np.ndarray:
        cache = self.__dict__.setdefault("_tables", {})
        if name not in cache:
            left, right = self._side(name)
            cache[name] = overlap(left, right)
        table: np.ndarray = cache[name]
        return table

    def any_asked(self, name: str) -> Bools:
        """Return (n_asking,) rows of the asking side that ask for anything in this column."""
        left, right = self._side(name)
        side = left if _SIDES[name][2] == "member" else right
        return side.sizes[side.codes] > 0


_SIDES: dict[str, tuple[str, str, str]] = {
    "certificates": ("certificates", "certificates", "position"),
    "accommodations": ("accommodations", "accommodations", "member"),
    "tasks": ("excluded_tasks", "task_tags", "member"),
    "wanted": ("wanted", "occupation", "member"),
    "regions": ("accepted_regions", "region", "member"),
    "kinds": ("kinds_ok", "kind", "member"),
    "reserved": ("categories", "reserved", "position"),
}
"""Compared columns: member side, post side, and which side asks."""
