"""Recorded problems have the answers they had: the pairs to the last one, bounds and prices to nine digits."""

import json

import pytest

from matching.allocation import allocate
from tests.matching.allocation.recorded import FILE, answers, problems


def test_recorded_problems_have_the_answers_they_had():
    kept, found = json.loads(FILE.read_text("utf-8")), answers()
    assert list(kept) == list(found)
    for name, answer in found.items():
        assert answer["pairs"] == kept[name]["pairs"], name
        assert answer["figures"] == pytest.approx(kept[name]["figures"], rel=1e-9, abs=1e-12), name


def test_a_large_problem_is_cut_short_and_stays_near_the_plan_of_all_arcs(monkeypatch):
    for name, posed, _, many in problems():
        if name.startswith("large"):
            whole = allocate(posed)
            monkeypatch.setattr("matching.allocation.solve.MANY", many)
            short = allocate(posed)
            monkeypatch.undo()
            assert short.certificate.feasible and short.objective >= 0.99 * whole.objective
            assert short.certificate.bound >= whole.objective - 1e-9
