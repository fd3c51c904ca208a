"""Who can get where: members in blocks of neighbours, each with the posts any of them may reach. Never a cross product."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from matching.arrays import Bools, Float32s, Floats, Ints
from matching.eligibility import position_gates
from matching.pairing import KM_PER_DEGREE, Pairing, commute_minutes, reach_km

NEIGHBOURS = 256
"""Members a block."""

CELL_KM = 1.5
"""Side of the cells members are put in order by."""

_SCALE = float(np.cos(np.radians(23.5)))


@dataclass(frozen=True, slots=True)
class Block:
    """Members ``mi`` (m,) beside posts ``pj`` (p,): ``near`` (m, p) who may reach what, ``minutes`` (m, p) the way, NaN where not known."""

    mi: Ints
    pj: Ints
    near: Bools
    minutes: Float32s


def blocks(pairing: Pairing, rows: Ints) -> Iterator[Block]:
    """Yield blocks that cover member rows ``rows``: posts within the member's limit, home-based ones, and those without a place in the
    same city; for members without a place or a limit the posts of their city."""
    m, p = pairing.members, pairing.positions
    usable = np.flatnonzero(position_gates(pairing) == 0)
    home, lost = p.home_based[usable], np.isnan(p.lng[usable]) & ~p.home_based[usable]
    anywhere, unplaced, placed = usable[home], usable[lost], usable[~home & ~lost]
    points, spots = kilometres(m.lng, m.lat), kilometres(p.lng, p.lat)
    limit = np.where(np.isnan(m.commute_limit), np.inf, reach_km(m.commute_limit) * 1.02 + 0.1)
    tied = ~np.isnan(m.lng) & np.isfinite(limit)
    tree = cKDTree(spots[placed]) if len(placed) else None
    city_of = {c: placed[p.city[placed] == c] for c in np.unique(m.city[rows].astype(str))}
    for mi in _groups(m.city, points, tied, rows):
        around = city_of[str(m.city[mi[0]])]
        if tied[mi[0]]:
            middle = points[mi].mean(axis=0)
            far = (np.sqrt(((points[mi] - middle) ** 2).sum(axis=1)) + limit[mi]).max()
            around = (
                placed[np.sort(np.asarray(tree.query_ball_point(middle, far), dtype=np.intp))]
                if tree is not None
                else placed
            )
        here = unplaced[p.city[unplaced] == m.city[mi[0]]]
        pj = np.concatenate([anywhere, here, around]).astype(np.int64)
        minutes, near = _way(points[mi], spots[pj], limit[mi], p.home_based[pj])
        yield Block(mi, pj, near, minutes)


def reachable(pairing: Pairing, mi: Ints, pj: Ints) -> Bools:
    """Return (n,) pairs that ``blocks`` would put before anybody: within the limit, at home, or in the same city where the way cannot be told."""
    m, p = pairing.members, pairing.positions
    home, limit = p.home_based[pj], m.commute_limit[mi]
    near, untold = home, np.isnan(limit)
    if not untold.all():
        minutes = pairing.minutes(mi, pj)
        near, untold = home | (minutes <= limit), untold | np.isnan(minutes)
    if untold.any():
        city = np.array([codes[0][:4] if codes else "" for codes in p.region.sets])
        near = near | untold & (city[p.region.codes[pj]] == m.city[mi].astype(str))
    return near


def kilometres(lng: Floats, lat: Floats) -> Floats:
    """Return (n, 2) kilometres east and north; straight lines in them are ways as the crow flies, to a few parts in a hundred."""
    return np.asarray(np.column_stack([lng * _SCALE, lat]) * KM_PER_DEGREE)


def _groups(city: np.ndarray, points: Floats, tied: Bools, rows: Ints) -> Iterator[Ints]:
    """Yield rows in groups of neighbours of one city, those tied to a place apart from the others."""
    cell = np.floor(np.nan_to_num(points[rows]) / CELL_KM).astype(np.int64)
    band = np.where(
        cell[:, 1] % 2 == 0, cell[:, 0], -cell[:, 0]
    )  # to and fro, so that a group does not jump across the city
    _, code = np.unique(city[rows].astype(str), return_inverse=True)
    order = np.lexsort((rows, band, cell[:, 1], ~tied[rows], code))
    kind = code[order] * 2 + tied[rows][order]
    edges = np.flatnonzero(np.diff(kind)) + 1
    for part in np.split(rows[order], edges):
        for start in range(0, len(part), NEIGHBOURS):
            yield part[start : start + NEIGHBOURS]


def _way(home: Floats, spot: Floats, limit: Floats, at_home: Bools) -> tuple[Float32s, Bools]:
    a, b = home.astype(np.float32), spot.astype(np.float32)
    x = a[:, :1] - b[:, 0]
    y = a[:, 1:] - b[:, 1]
    km = np.sqrt(x * x + y * y)
    near = ~(km > limit.astype(np.float32)[:, None])  # what cannot be told is near
    minutes = commute_minutes(km)
    minutes[:, at_home], near[:, at_home] = 0.0, True
    return minutes, near
