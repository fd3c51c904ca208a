"""The price of waiting: what a unit is worth to those still to come."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from matching.allocation import AllocationProblem, Forecast, allocate, class_prices, shadow_prices
from matching.allocation.reserve import ASIDE, DOUBT, MOST_ASIDE, aside
from matching.errors import AllocationError
from tests.benchmarks.dynamic_placement import Kind, Told, greedy, share, year_of
from tests.matching.allocation.instances import matrix


def drawn(seed, n=6, m=5, sampled=30):
    rng = np.random.default_rng(seed)
    return matrix(rng, n, m), matrix(rng, sampled, m), rng.integers(0, 4, m)


@given(seed=st.integers(0, 10_000), expected=st.integers(0, 25), spread=st.sampled_from([0.0, 0.15, 4.0]))
@settings(max_examples=25, deadline=None)
def test_prices_are_never_negative_and_fewer_units_never_lower_one(seed, expected, spread):
    today, arrivals, capacity = drawn(seed)
    forecast = Forecast(arrivals, expected, spread)
    prices = shadow_prices(AllocationProblem(today, capacity), forecast)
    assert (prices >= 0).all()
    for j in np.flatnonzero(capacity):
        fewer = capacity - (np.arange(5) == j)
        assert (shadow_prices(AllocationProblem(today, fewer), forecast) >= prices - 1e-9).all()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_positions_in_another_order_have_the_same_prices(seed):
    today, arrivals, capacity = drawn(seed)
    order = np.random.default_rng(seed).permutation(5)
    prices = shadow_prices(AllocationProblem(today, capacity), Forecast(arrivals, 20))
    again = shadow_prices(AllocationProblem(today[:, order], capacity[order]), Forecast(arrivals[:, order], 20))
    assert again == pytest.approx(prices[order], abs=1e-9)


def test_equal_inputs_give_equal_prices_to_the_last_bit():
    today, arrivals, capacity = drawn(4)
    made = [shadow_prices(AllocationProblem(today, capacity), Forecast(arrivals, 20, 0.2)).tobytes() for _ in range(3)]
    assert len(set(made)) == 1


def test_what_nobody_will_miss_costs_nothing_and_the_scarce_seat_what_the_next_taker_would_make_of_it():
    arrivals = sparse.csr_matrix(np.tile([0.8, 0.5], (40, 1)))
    today = sparse.csr_matrix(np.array([[0.6, 0.5]]))
    prices = shadow_prices(AllocationProblem(today, np.array([5, 100])), Forecast(arrivals, 40))
    assert prices == pytest.approx([0.3, 0.0], abs=1e-6)
    assert allocate(AllocationProblem(today, np.array([5, 100])), prices).pairs.tolist() == [[0, 1]]


def test_who_has_no_slot_left_makes_no_seat_dearer():
    today, arrivals, capacity = drawn(3, n=8)
    slots = np.array([1, 0, 1, 0, 0, 0, 1, 1])
    forecast = Forecast(arrivals, 6)
    prices = shadow_prices(AllocationProblem(today, capacity, slots=slots), forecast)
    assert prices.any()
    assert prices == pytest.approx(shadow_prices(AllocationProblem(today[slots > 0], capacity), forecast), abs=1e-9)


def test_alike_positions_are_priced_as_one_class():
    today, arrivals, capacity = drawn(7)
    double = [0, 1, 2, 3, 4, 2]
    posed = AllocationProblem(today[:, double], np.append(capacity, 2))
    forecast = Forecast(arrivals[:, double], 20)
    prices = shadow_prices(posed, forecast)
    assert prices[2] == prices[5]
    assert prices.tolist() == class_prices(posed, forecast, np.array(double)).tolist()


def test_a_class_of_one_kind_and_area_has_one_price():
    today, arrivals, capacity = drawn(8)
    prices = class_prices(AllocationProblem(today, capacity), Forecast(arrivals, 20), np.array([7, 7, 3, 3, 3]))
    assert prices[0] == prices[1]
    assert prices[2] == prices[3] == prices[4]


def test_a_seeker_who_holds_something_does_not_compete_again():
    today, arrivals, capacity = drawn(9)
    capacity = capacity + 1
    locked = np.column_stack(today.nonzero())[:1]
    rest = np.arange(6) != locked[0, 0]
    held = shadow_prices(AllocationProblem(today, capacity, locked=locked), Forecast(arrivals, 15))
    left = capacity - np.bincount(locked[:, 1], minlength=5)
    assert held == pytest.approx(shadow_prices(AllocationProblem(today[rest], left), Forecast(arrivals, 15)), abs=1e-9)


@pytest.mark.parametrize(
    ("seekers", "positions", "sampled", "expected"),
    [(0, 0, 0, 0), (0, 3, 0, 0), (3, 0, 0, 0), (3, 0, 4, 9), (0, 3, 4, 9), (3, 3, 0, 0), (3, 3, 4, 0), (3, 3, 4, 9)],
)
def test_degenerate_problems_are_priced_without_a_crash(seekers, positions, sampled, expected):
    for share_ in (0.0, 1.0):
        rng = np.random.default_rng(1)
        for capacity in (np.zeros(positions, dtype=int), np.full(positions, 2)):
            posed = AllocationProblem(matrix(rng, seekers, positions, share_), capacity)
            prices = shadow_prices(posed, Forecast(matrix(rng, sampled, positions, share_), expected))
            assert prices.shape == (positions,)
            assert np.isfinite(prices).all()
            assert allocate(posed, prices).certificate.feasible


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"expected": -1.0}, "expected: expected a finite number"),
        ({"spread": np.nan}, "spread: expected a finite number"),
        ({"arrivals": sparse.csr_matrix((0, 3))}, "arrivals: expected at least one sampled seeker"),
        ({"arrivals": sparse.csr_matrix(np.array([[np.inf, 0, 0]]))}, "arrivals: expected finite"),
    ],
)
def test_a_forecast_that_cannot_be_read_is_refused(given_, message):
    with pytest.raises(AllocationError, match=message):
        Forecast(**{"arrivals": sparse.csr_matrix(np.ones((2, 3))), "expected": 5.0, **given_})


def test_a_forecast_of_other_positions_is_refused():
    with pytest.raises(AllocationError, match="arrivals: expected 3 columns"):
        shadow_prices(
            AllocationProblem(sparse.csr_matrix((2, 3)), np.ones(3)), Forecast(sparse.csr_matrix(np.ones((2, 4))), 5)
        )


def test_a_year_placed_with_prices_comes_close_to_hindsight_and_keeps_close_when_told_wrong():
    kinds = [Kind(people=100, places=10, batch=(8, 20)), Kind(people=100, places=10, batch=(8, 20), members=True)]
    made = {
        (told, prices.__name__): np.mean([share(year_of(kind, 40), prices, Told(told)) for kind in kinds])
        for told in (1.0, 0.85, 1.15)
        for prices in (greedy, shadow_prices)
    }
    for told in (1.0, 0.85, 1.15):
        assert made[told, "shadow_prices"] > made[told, "greedy"] + 0.03
    assert made[1.0, "shadow_prices"] > 0.975


@pytest.mark.parametrize(("spread", "seekers"), [(0.0, 0.0), (0.25, 10.0), (0.999, 39.96), (1.0, 1.0), (4.0, 4.0)])
def test_a_spread_below_one_is_a_share_of_the_number_expected_and_from_one_on_a_number_of_seekers(spread, seekers):
    assert Forecast(sparse.csr_matrix(np.ones((2, 3))), 40.0, spread).deviation == pytest.approx(seekers)
    assert Forecast(sparse.csr_matrix(np.ones((2, 3))), 40.0).deviation == 0.0


def test_even_half_a_seeker_to_come_wants_a_sample_and_nobody_to_come_wants_none():
    none = sparse.csr_matrix((0, 3))
    with pytest.raises(AllocationError, match=r"at least one sampled seeker for 0\.5"):
        Forecast(none, 0.5)
    problem = AllocationProblem(sparse.csr_matrix(np.ones((2, 3))), np.ones(3, dtype=int))
    assert shadow_prices(problem, Forecast(none, 0.0, 4.0)).tolist() == [0.0] * 3


def test_a_class_is_priced_like_one_position_with_the_room_of_all_and_the_best_utility():
    arrivals, nobody = sparse.csr_matrix([[0.0, 0.8, 0.6]]), sparse.csr_matrix((0, 3))
    classes = class_prices(AllocationProblem(nobody, np.array([1, 1, 2])), Forecast(arrivals, 6), np.array([0, 1, 1]))
    one = AllocationProblem(sparse.csr_matrix((0, 2)), np.array([1, 3]))
    alone = shadow_prices(one, Forecast(sparse.csr_matrix([[0.0, 0.8]]), 6))
    assert classes.tolist() == [alone[0], alone[1], alone[1]] and alone[1] > 0


def test_the_price_is_the_mean_over_evenly_spaced_numbers_of_seekers_nobody_at_all_among_them():
    nobody, one = sparse.csr_matrix((0, 1)), sparse.csr_matrix([[0.8]])
    price = shadow_prices(AllocationProblem(nobody, np.array([1])), Forecast(one, 1.0, 4.0))
    spread = NormalDist(1.0, (4.0**2 + DOUBT**2) ** 0.5)
    numbers = [round(spread.inv_cdf((k + 0.5) / n)) for n in (27, 3) for k in range(n)]
    counted = 0.8 * (1 - MOST_ASIDE)
    assert price[0] == pytest.approx(np.mean([0.0 if n <= 0 else counted / 2 if n == 1 else counted for n in numbers]))


def test_prices_steer_by_the_whole_difference_and_refuse_only_for_what_is_clearly_more():
    today = sparse.csr_matrix([[0.77, 0.0], [0.0, 0.6], [0.1, 0.0]])
    arrivals = sparse.csr_matrix(np.tile([0.8, 0.5], (40, 1)))
    posed = AllocationProblem(today, np.array([5, 5]))
    prices = shadow_prices(posed, Forecast(arrivals, 40))
    assert prices[0] - prices[1] == pytest.approx(0.3, abs=1e-6)
    assert prices[0] == pytest.approx(0.8 * (1 - ASIDE), abs=1e-6)
    assert allocate(posed, prices).pairs.tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize(("sampled", "expected"), [(30, 0.1), (3000, 0.05), (3, 0.0)])
def test_in_one_scenario_of_ten_more_come_than_told_by_a_share_of_the_sample_and_at_most_three_days_like_today(
    sampled, expected
):
    today, arrivals = sparse.csr_matrix((1, 1)), sparse.csr_matrix(np.ones((sampled, 1)))
    seats = 5 if sampled == 3000 else 4
    price = shadow_prices(AllocationProblem(today, np.array([seats])), Forecast(arrivals, 2))
    assert price[0] == pytest.approx(expected * (1 - ASIDE), abs=1e-6)


def test_told_nobody_is_believed():
    arrivals = sparse.csr_matrix(np.ones((30, 1)))
    assert shadow_prices(AllocationProblem(sparse.csr_matrix([[0.5]]), np.array([1])), Forecast(arrivals, 0)) == [0.0]


def test_aside_is_a_share_of_ones_own_best_so_a_family_of_five_is_priced_in_the_measure_of_one():
    today, arrivals, capacity = drawn(11)
    one = shadow_prices(AllocationProblem(today, capacity), Forecast(arrivals, 20))
    five = shadow_prices(AllocationProblem(5 * today, capacity), Forecast(5 * arrivals, 20))
    assert one.any()
    assert five == pytest.approx(5 * one, abs=1e-6)


def test_who_states_more_spread_keeps_fewer_seats_free_up_to_a_limit():
    arrivals = sparse.csr_matrix(np.ones((3, 1)))
    shares = [aside(Forecast(arrivals, 40, spread)) for spread in (0.0, 0.1, 0.15, 0.9)]
    assert shares == pytest.approx([ASIDE, 0.125, MOST_ASIDE, MOST_ASIDE])
    assert aside(Forecast(arrivals, 40, 4.0)) == pytest.approx(shares[1])
