"""Luck by key: the same entity, pair and day draw the same number whatever else happens, so policies meet the same fate."""

import zlib

import numpy as np
from scipy.special import ndtri

from matching.arrays import Floats

Key = int | np.integer | np.ndarray


def _mix(x: np.ndarray) -> np.ndarray:
    """Finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def uniform(seed: int, stream: str, *keys: Key) -> Floats:
    """Return numbers in (0, 1), one for each combination of the broadcast keys."""
    with np.errstate(over="ignore"):
        state = _mix(
            np.asarray([seed], dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(zlib.crc32(stream.encode()))
        )
        for key in keys:
            step = (np.asarray(key, dtype=np.int64).astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
            state = _mix(state ^ step)
    drawn = ((state >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    return np.asarray(drawn[0] if drawn.shape == (1,) and all(np.ndim(k) == 0 for k in keys) else drawn)


def normal(seed: int, stream: str, *keys: Key) -> Floats:
    """Return standard normal numbers by key."""
    return np.asarray(ndtri(uniform(seed, stream, *keys)))


def gumbel(seed: int, stream: str, *keys: Key) -> Floats:
    """Return standard Gumbel numbers by key."""
    return np.asarray(-np.log(-np.log(uniform(seed, stream, *keys))))


def generator(seed: int, stream: str) -> np.random.Generator:
    """Return a generator of its own for everything a stream draws in one fixed order."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, zlib.crc32(stream.encode())])))
