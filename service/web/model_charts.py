"""Plots of a version's figures: values with their intervals, and calibration as predicted against observed."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from service.web.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, Mark, Say, percent

Interval = Sequence[float | None]
"""Estimate, low and high end; the ends may be unknown."""

_TICKS = 5


def interval_text(value: Interval | float | None, say: Say) -> str:
    """Return a figure with its interval in its written form, a dash where it is not known."""
    if value is None:
        return "–"
    middle, low, high = (value, None, None) if isinstance(value, (int, float)) else value
    if middle is None:
        return "–"
    return say(middle) if low is None or high is None else f"{say(middle)} ({say(low)} … {say(high)})"


def figure(value: float) -> str:
    """Return a figure with three decimals."""
    return f"{round(value, 3) + 0.0:.3f}"


def points(value: float) -> str:
    """Return a difference of shares in percentage points."""
    return f"{round(100 * value, 1) + 0.0:+.1f}"


def whiskers(labels: Sequence[str], series: Sequence[Sequence[Interval | None]], say: Say = figure) -> Chart:
    """Return one place a label and one mark a series: the estimate as a dot, its interval as a line; zero is always in sight."""
    known = [v for values in series for each in values if each is not None for v in each if v is not None]
    low, step, ticks = _axis(known)
    high = low + step * (ticks - 1)
    wide = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    marks, lines = [], []
    for s, values in enumerate(series):
        for n, each in enumerate(values):
            if each is None or each[0] is None:
                continue
            x = round(LEFT + (n + (s + 1) / (len(series) + 1)) * wide, 1)
            marks.append(Mark(x, _y(each[0], low, high), 0, 0, labels[n], interval_text(each, say), s))
            if each[1] is not None and each[2] is not None:
                lines.append((s, f"{x},{_y(each[1], low, high)} {x},{_y(each[2], low, high)}"))
    levels = tuple((_y(low + k * step, low, high), say(low + k * step)) for k in range(ticks))
    every = max(1, -(-len(labels) * 64 // (WIDTH - LEFT - RIGHT)))
    names = tuple((round(LEFT + (n + 0.5) * wide, 1), name) for n, name in enumerate(labels) if n % every == 0)
    return Chart(tuple(marks), tuple(lines), levels, names)


def calibration(tables: Sequence[Sequence[Mapping[str, Any]]]) -> Chart:
    """Return predicted (across) against observed (up) with 95 % intervals, a series a version; the last series is where both are equal."""
    top = max([0.1, *(float(r[k]) for rows in tables for r in rows for k in ("predicted", "high"))])
    high = min(1.0, math.ceil(top * 10) / 10)

    def x(share: float) -> float:
        """Return where a share stands across the drawing, in its units."""
        return round(LEFT + share / high * (WIDTH - LEFT - RIGHT), 1)

    marks, lines = [], []
    for s, rows in enumerate(tables):
        path = []
        for row in rows:
            here = x(float(row["predicted"])), _y(float(row["observed"]), 0.0, high)
            told = interval_text((row["observed"], row["low"], row["high"]), percent) + f", n {row['n']:.0f}"
            marks.append(Mark(*here, 0, 0, f"{row['predicted']:.1%}", told, s))
            lines.append(
                (s, f"{here[0]},{_y(float(row['low']), 0.0, high)} {here[0]},{_y(float(row['high']), 0.0, high)}")
            )
            path.append(f"{here[0]},{here[1]}")
        lines.append((s, " ".join(path)))
    lines.append((len(tables), f"{x(0.0)},{_y(0.0, 0.0, high)} {x(high)},{_y(high, 0.0, high)}"))
    shares = [high * k / (_TICKS - 1) for k in range(_TICKS)]
    levels = tuple((_y(v, 0.0, high), percent(v)) for v in shares)
    return Chart(tuple(marks), tuple(lines), levels, tuple((min(x(v), WIDTH - 24), percent(v)) for v in shares))


def _y(value: float, low: float, high: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 1)


def _axis(values: Sequence[float]) -> tuple[float, float, int]:
    """Return the lowest level, the round step and the number of levels that hold every value and zero."""
    least, most = min([0.0, *values]), max([0.0, *values])
    span = max(most - least, 1e-6)
    step = next(10.0**k * m for k in range(-7, 9) for m in (1, 2, 5) if 10.0**k * m * (_TICKS - 1) >= span)
    low = math.floor(least / step) * step
    return low, step, max(2, math.ceil((most - low) / step - 1e-9) + 1)
