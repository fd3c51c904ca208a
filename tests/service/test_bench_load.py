"""The load bench's own arithmetic: what grows is told from what goes up and down."""

import numpy as np
import pytest

from service.cli_bench_load import _trend


def watched(minutes, mib, files):
    return [(60.0 * m, int(a * 2**20), int(f)) for m, a, f in zip(minutes, mib, files, strict=True)]


def test_what_grows_in_the_second_half_has_its_slope_and_what_comes_and_goes_has_none_beyond_its_noise():
    rng = np.random.default_rng(5)
    minutes = np.linspace(0, 10, 1_200)
    found = _trend(watched(minutes, 300 + 2.0 * minutes, 40 + rng.integers(-6, 7, 1_200)))
    assert found["memory_mib_per_minute"] == pytest.approx(2.0, abs=0.01)
    assert abs(found["open_files_per_minute"]) < 3 * found["open_files_slope_error"] < 1
    leak = _trend(watched(minutes, np.full(1_200, 300), 40 + 3 * minutes + rng.integers(-6, 7, 1_200)))
    assert leak["open_files_per_minute"] > 2.5 > 10 * leak["open_files_slope_error"]
    assert leak["memory_mib_per_minute"] == pytest.approx(0, abs=1e-6)


def test_too_few_looks_have_no_trend():
    assert _trend(watched([0, 1, 2], [300, 300, 300], [40, 40, 40])) == {}
