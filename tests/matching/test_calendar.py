"""Working days."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from matching.calendar import STATE_COUNCIL as CALENDAR
from matching.calendar import read_calendar

DAYS = st.dates(date(2022, 1, 1), date(2028, 12, 31))


def test_holidays_weekends_and_make_up_days():
    assert not CALENDAR.is_workday(date(2026, 2, 17)) and CALENDAR.is_holiday(date(2026, 2, 17))
    assert not CALENDAR.is_workday(date(2026, 7, 11)) and not CALENDAR.is_holiday(date(2026, 7, 11))
    assert CALENDAR.is_workday(date(2026, 2, 28)) and date(2026, 2, 28).weekday() == 5
    assert CALENDAR.next_workday(date(2026, 2, 15)) == date(2026, 2, 24)


def test_a_year_that_was_not_published_has_weekends_only_and_says_so():
    assert [year for year in range(2020, 2030) if CALENDAR.known(date(year, 6, 1))] == [2022, 2023, 2024, 2025, 2026]
    assert CALENDAR.is_workday(date(2027, 10, 1)) and not CALENDAR.is_workday(date(2027, 10, 2))


def test_each_year_has_about_two_hundred_and_fifty_working_days():
    for year in CALENDAR.years:
        worked = sum(CALENDAR.is_workday(date(year, 1, 1) + timedelta(days=k)) for k in range(365))
        assert 246 <= worked <= 252


def test_no_day_is_both_off_and_worked():
    assert CALENDAR.holidays.isdisjoint(CALENDAR.makeup_days)
    assert all(d.weekday() >= 5 for d in CALENDAR.makeup_days)


def test_a_published_year_can_be_read():
    found = read_calendar("[2027]\noff = [2027-01-01]\nwork = [2027-01-03]")
    assert (
        found.known(date(2027, 5, 1)) and not found.is_workday(date(2027, 1, 1)) and found.is_workday(date(2027, 1, 3))
    )


@given(DAYS, st.booleans(), st.booleans())
def test_rolling_stops_at_the_first_day_the_rules_leave_standing(day, holiday, weekend):
    found = CALENDAR.roll(day, holiday=holiday, weekend=weekend)
    passed = [day + timedelta(days=k) for k in range((found - day).days)]
    assert all(not CALENDAR.is_workday(d) and (holiday if CALENDAR.is_holiday(d) else weekend) for d in passed)
    assert CALENDAR.is_workday(found) or not (holiday if CALENDAR.is_holiday(found) else weekend)


@given(DAYS, st.integers(1, 30))
def test_the_nth_working_day_has_n_working_days_up_to_it(day, count):
    found = CALENDAR.add_workdays(day, count)
    between = [day + timedelta(days=k + 1) for k in range((found - day).days)]
    assert sum(map(CALENDAR.is_workday, between)) == count and CALENDAR.is_workday(found)
