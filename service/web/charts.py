"""Charts as SVG drawn on the server: no script, no external part, a table of the same figures beside each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 12, 28

Say = Callable[[float], str]
"""Turns a value into its written form."""


def _plain(value: float) -> str:
    return f"{value:g}"


def percent(value: float) -> str:
    """Return a share as a percentage."""
    return f"{value:.0%}"


@dataclass(frozen=True, slots=True)
class Mark:
    """One drawn thing: a bar (``x y width height``) or a point of a line, with the label of its place and its value."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: str
    series: int


@dataclass(frozen=True, slots=True)
class Chart:
    """What a template draws.

    Attributes
    ----------
    marks : tuple of Mark
        Bars, or points where ``lines`` has the polylines.
    lines : tuple of (series number, "x,y x,y …")
    ticks : tuple of (y, text)
        Levels of the value axis.
    labels : tuple of (x, text)
        Names under the chart; not more than fit.
    """

    marks: tuple[Mark, ...]
    lines: tuple[tuple[int, str], ...]
    ticks: tuple[tuple[float, str], ...]
    labels: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def bars(labels: Sequence[str], series: Sequence[Sequence[float | None]], say: Say = _plain) -> Chart:
    """Return grouped bars: one group a label, one bar a series; an unknown value draws nothing."""
    high = _top([v for values in series for v in values if v is not None])
    step = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    wide = step * 0.8 / max(len(series), 1)
    marks = []
    for s, values in enumerate(series):
        for n, value in enumerate(values):
            if value is not None:
                tall = (HEIGHT - TOP - BOTTOM) * value / high
                marks.append(
                    Mark(_(LEFT + n * step + step * 0.1 + s * wide), _(HEIGHT - BOTTOM - tall), _(wide), _(tall), labels[n], say(value), s)
                )  # fmt: skip
    return Chart(tuple(marks), (), _ticks(high, say), _names(labels, step))


def lines(
    labels: Sequence[str], series: Sequence[Sequence[float | None]], say: Say = _plain, *, high: float | None = None
) -> Chart:
    """Return one line a series over the labels; a line is broken where a value is not known."""
    top = high or _top([v for values in series for v in values if v is not None])
    step = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    marks, paths = [], []
    for s, values in enumerate(series):
        run: list[str] = []
        for n, value in enumerate(values):
            if value is None:
                paths.append((s, " ".join(run)))
                run = []
                continue
            x, y = _(LEFT + (n + 0.5) * step), _(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top)
            marks.append(Mark(x, y, 0, 0, labels[n], say(value), s))
            run.append(f"{x},{y}")
        paths.append((s, " ".join(run)))
    return Chart(tuple(marks), tuple(p for p in paths if p[1]), _ticks(top, say), _names(labels, step))


def _top(values: Sequence[float]) -> float:
    """Return a round number at or above every value."""
    most = max(values, default=0.0)
    if most <= 0:
        return 1.0
    for unit in (10**k * m for k in range(-2, 9) for m in (1, 2, 5)):
        if unit * 4 >= most:
            return float(unit * 4)
    return float(most)


def _ticks(high: float, say: Say) -> tuple[tuple[float, str], ...]:
    return tuple((_(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * k / 4), say(high * k / 4)) for k in range(5))


def _names(labels: Sequence[str], step: float) -> tuple[tuple[float, str], ...]:
    every = max(1, -(-len(labels) * 56 // (WIDTH - LEFT - RIGHT)))
    return tuple((_(LEFT + (n + 0.5) * step), name) for n, name in enumerate(labels) if n % every == 0)


def _(value: float) -> float:
    return round(value, 1)
