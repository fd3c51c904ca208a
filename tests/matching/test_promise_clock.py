"""The life of a promise, against a model written a second time."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import PromiseError
from matching.policy.load import load_policy
from matching.promise import due_date, rolled
from matching.promise_clock import (
    ClockEvent,
    ClockEventKind,
    advance,
    apply,
    clock,
    days_left,
    days_left_gross,
    open_promise,
    promise_of,
    row_of,
    warning,
)
from matching.vocabulary import PromiseState

POLICY = load_policy("440103", date(2026, 6, 10))
START = date(2026, 6, 1)
DUE = date(2026, 7, 1)
K = ClockEventKind


def pause(on: date, reason: str = "illness", by: str = "C1", second: str = "S1") -> ClockEvent:
    """Return a pause approved by a second person."""
    return ClockEvent(K.PAUSE, on, reason, by, second)


def placed(verified: date, first: date) -> ClockEvent:
    """Return a verified placement."""
    return ClockEvent(K.PLACED, verified, first_day=first)


def day(number: int) -> date:
    """Return the day so many days after the start."""
    return START + timedelta(days=number)


def at(as_of: date, *events: ClockEvent):
    """Return the promise of START on a day."""
    return clock(START, events, as_of, POLICY)


def test_a_new_promise_runs_to_its_due_day_inclusive():
    assert at(START).due_on == DUE and days_left(at(START), START, POLICY) == 30
    assert at(DUE).state is PromiseState.RUNNING and days_left(at(DUE), DUE, POLICY) == 0
    broken = at(DUE + timedelta(days=1))
    assert (broken.state, broken.breached_on) == (PromiseState.BREACHED, date(2026, 7, 2)) and days_left(
        broken, date(2026, 7, 4), POLICY
    ) == -3


def test_a_clock_may_not_start_before_recognition():
    with pytest.raises(
        PromiseError, match="expected a start on or after the recognition of 2026-06-02, found 2026-06-01"
    ):
        open_promise(START, POLICY, recognised_on=day(1))
    assert open_promise(START, POLICY, recognised_on=START).due_on == DUE


def test_a_job_begun_in_time_keeps_the_promise():
    kept = at(DUE, placed(day(12), day(10)))
    assert (kept.state, kept.met_on, kept.met_gross, kept.corrected) == (PromiseState.MET, day(10), True, False)
    assert days_left(kept, DUE, POLICY) is None and days_left_gross(kept, DUE) is None


def test_a_job_begun_late_is_met_late():
    late = at(day(60), placed(day(40), day(38)))
    assert (late.state, late.breached_on, late.met_gross) == (PromiseState.MET_LATE, date(2026, 7, 2), False)


def test_late_evidence_of_a_job_in_time_corrects_a_breach_and_keeps_both_facts():
    corrected = at(day(60), placed(day(45), day(29)))
    assert (corrected.state, corrected.breached_on, corrected.corrected) == (PromiseState.MET, date(2026, 7, 2), True)


def test_a_pause_stops_the_net_count_and_not_the_gross_one():
    paused = at(day(15), pause(day(10)))
    assert (paused.state, days_left(paused, day(15), POLICY), days_left_gross(paused, day(15))) == (
        PromiseState.PAUSED,
        20,
        15,
    )
    resumed = at(day(20), pause(day(10)), ClockEvent(K.RESUME, day(15)))
    assert (resumed.state, resumed.paused_days, days_left(resumed, day(20), POLICY)) == (PromiseState.RUNNING, 5, 15)


def test_met_after_a_pause_may_be_in_time_net_and_late_gross():
    kept = at(day(40), pause(day(10)), ClockEvent(K.RESUME, day(15)), placed(day(34), day(33)))
    assert kept.state is PromiseState.MET and not kept.met_gross


def test_a_pause_ends_on_the_first_day_of_a_job_that_begins_in_it():
    kept = at(day(25), pause(day(10)), placed(day(20), day(12)))
    assert (kept.state, kept.paused_days) == (PromiseState.MET, 2)
    assert at(day(25), pause(day(10)), placed(day(20), day(8))).paused_days == 0


def test_events_may_be_told_in_any_order():
    events = [pause(day(5)), ClockEvent(K.RESUME, day(9)), placed(day(20), day(18))]
    assert at(day(30), *events[::-1]) == at(day(30), *events)


def test_a_pause_ends_by_itself_at_fifteen_days_and_fourteen_when_away():
    assert at(day(40), pause(day(10))).paused_days == 15
    assert at(day(40), pause(day(10), "away")).paused_days == 14
    assert at(day(25), pause(day(10))).state is PromiseState.PAUSED
    assert at(day(26), pause(day(10))).state is PromiseState.RUNNING


def test_pauses_end_at_thirty_days_in_all():
    events = [
        pause(day(1)),
        ClockEvent(K.RESUME, day(15)),
        pause(day(16)),
        ClockEvent(K.RESUME, day(30)),
        pause(day(31)),
    ]
    third = at(day(40), *events)
    assert third.paused_days == 30 and third.state is PromiseState.RUNNING
    with pytest.raises(PromiseError, match="all 30 days of pause are used up"):
        apply(third, pause(day(41)), POLICY)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (pause(day(3), "agency_data_fault"), "expected one of illness, away, in_training, disaster, unreachable, found 'agency_data_fault'"),
        (pause(day(3), ""), "found 'no reason'"),
        (pause(day(3), by=""), "expected two different people, found 'nobody' and 'S1'"),
        (pause(day(3), by="S1"), "expected two different people, found 'S1' and 'S1'"),
        (ClockEvent(K.RESUME, day(3)), "expected state paused for resume on 2026-06-04, found running"),
        (ClockEvent(K.VOID, day(3), "no_suitable_post", "C1"), "expected one of wish_withdrawn"),
        (ClockEvent(K.VOID, day(3), "moved", "C1"), "expected two different people, found 'C1' and 'nobody'"),
        (ClockEvent(K.VOID, day(3), "moved"), "expected two different people, found .nobody. and .nobody."),
        (ClockEvent(K.REINSTATE, day(3)), "expected state void for reinstate"),
        (ClockEvent(K.PLACED, day(3)), "expected a first day of work from 2026-06-01 to the day of verification, found None"),
        (ClockEvent(K.PLACED, day(3), first_day=day(2), job_kind="TRAINEE"), "expected a kind that keeps the promise, .* found 'TRAINEE'"),
        (placed(day(3), day(4)), "found 2026-06-05"),
        (placed(day(3), day(-1)), "found 2026-05-31"),
        (placed(day(-1), day(-1)), "expected a placed on or after its start, found 2026-05-31"),
        (ClockEvent(K.JOB_ENDED, day(3)), "expected state met, met_late for job_ended"),
        (ClockEvent(K.CAUSE, day(3), "data"), "expected state breached, met_late for cause"),
    ],
)  # fmt: skip
def test_a_step_that_may_not_be_is_refused(event, message):
    with pytest.raises(PromiseError, match=message):
        apply(open_promise(START, POLICY), event, POLICY)


def test_a_broken_promise_cannot_be_paused_or_voided_any_more():
    for event in (pause(day(40)), ClockEvent(K.VOID, day(40), "moved", "C1", "S1")):
        with pytest.raises(PromiseError, match="found breached"):
            at(day(41), event)


def test_a_void_takes_two_people_and_an_appeal_brings_the_clock_back_where_it_would_stand():
    void = at(day(20), ClockEvent(K.VOID, day(5), "wish_withdrawn", "S1", "S2"))
    assert (void.state, void.void_reason, days_left(void, day(20), POLICY)) == (
        PromiseState.VOID,
        "wish_withdrawn",
        None,
    )
    back = at(
        day(20),
        ClockEvent(K.VOID, day(5), "wish_withdrawn", "S1", "S2"),
        ClockEvent(K.REINSTATE, day(18), by="S2", second="S3"),
    )
    assert (back.state, back.void_reason, days_left(back, day(20), POLICY)) == (PromiseState.RUNNING, "", 10)
    late = at(
        day(50),
        ClockEvent(K.VOID, day(5), "wish_withdrawn", "S1", "S2"),
        ClockEvent(K.REINSTATE, day(45), by="S2", second="S3"),
    )
    assert late.state is PromiseState.BREACHED


def test_a_void_in_a_pause_keeps_the_days_paused():
    void = at(day(20), pause(day(3)), ClockEvent(K.VOID, day(8), "death", "S1", "S2"))
    assert void.paused_days == 5 and void.paused_since is None


def test_the_cause_of_a_breach_is_coded_and_never_rewritten():
    broken = at(day(40), ClockEvent(K.CAUSE, day(35), "no_suitable_post"))
    assert broken.breach_cause == "no_suitable_post"
    with pytest.raises(PromiseError, match="its cause is no_suitable_post and is never rewritten"):
        apply(broken, ClockEvent(K.CAUSE, day(41), "data"), POLICY)
    with pytest.raises(PromiseError, match="expected one of no_suitable_post"):
        at(day(40), ClockEvent(K.CAUSE, day(35), "bad_luck"))


def test_a_job_lost_within_thirty_days_reopens_the_promise_with_a_new_clock():
    lost = at(day(50), placed(day(10), day(10)), ClockEvent(K.JOB_ENDED, day(39)))
    assert (lost.state, lost.started_on, lost.previous.state, lost.previous.met_on) == (
        PromiseState.REOPENED,
        day(39),
        PromiseState.MET,
        day(10),
    )
    assert lost.due_on == due_date(day(39), POLICY) and days_left(lost, day(50), POLICY) == (lost.due_on - day(50)).days
    kept = at(day(50), placed(day(10), day(10)), ClockEvent(K.JOB_ENDED, day(40)))
    assert kept.state is PromiseState.MET
    again = at(
        day(52),
        placed(day(10), day(10)),
        ClockEvent(K.JOB_ENDED, day(39)),
        pause(day(45)),
        ClockEvent(K.RESUME, day(47)),
    )
    assert again.state is PromiseState.REOPENED and again.paused_days == 2
    assert at(day(90), placed(day(10), day(10)), ClockEvent(K.JOB_ENDED, day(39))).state is PromiseState.BREACHED


def test_later_events_do_not_change_an_earlier_day():
    events = [pause(day(5)), ClockEvent(K.RESUME, day(9)), placed(day(20), day(18))]
    assert at(day(19), *events).state is PromiseState.RUNNING and at(day(4), *events) == at(day(4))


@pytest.mark.parametrize(
    ("left", "threshold"),
    [(21, None), (20, 20), (11, 20), (10, 10), (7, 7), (4, 7), (3, 3), (1, 1), (0, 1), (-5, 1), (None, None)],
)
def test_warnings_come_at_the_days_policy_names(left, threshold):
    found = warning(left, POLICY)
    assert (found and found.facts["threshold_days"]) == threshold


def test_a_promise_is_written_as_a_row_of_the_record():
    row = row_of(at(day(40), pause(day(3)), ClockEvent(K.RESUME, day(5)), placed(day(10), day(10))))
    assert row == {
        "started_on": START, "due_on": DUE, "state": "met", "paused_days": 2, "met_on": day(10), "void_reason": None, "breach_cause": None,
        "paused_since": None, "pause_reason": None, "breached_on": None, "voided_on": None,
    }  # fmt: skip


def test_a_row_and_the_promise_it_stands_for_are_each_other_s_inverse():
    lives = [
        [], [pause(day(3))], [pause(day(3), "away"), ClockEvent(K.RESUME, day(5))], [placed(day(10), day(10))],
        [placed(day(45), day(29))], [ClockEvent(K.VOID, day(4), "moved", "C1", "S1")], [ClockEvent(K.CAUSE, day(45), "data")],
    ]  # fmt: skip
    for events in lives:
        found = at(day(50), *events)
        row = {**row_of(found), "reopens_id": None}
        assert promise_of(row, POLICY) == found


def test_a_due_day_without_a_published_calendar_is_flagged():
    assert (
        open_promise(date(2026, 12, 15), POLICY).calendar_known is False and open_promise(START, POLICY).calendar_known
    )


STEPS = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "void", "reinstate", "placed", "job_ended"]), st.integers(0, 9)),
    max_size=8,
)


def told(steps: list[tuple[str, int]]) -> list[ClockEvent]:
    """Turn generated steps into events on rising days."""
    events, now = [], 0
    for name, gap in steps:
        now += gap
        kind = K(name)
        first = day(max(now - gap // 2, 0)) if kind is K.PLACED else None
        reason = {"pause": "illness", "void": "moved"}.get(name, "")
        events.append(ClockEvent(kind, day(now), reason, "C1", "S1", first))
    return events


class Model:
    """The same clock as a diary: one line a day, no arithmetic of intervals."""

    def __init__(self, start: date) -> None:
        self.start, self.due, self.state, self.paused, self.in_pause, self.met = (
            start,
            due_date(start, POLICY),
            "running",
            0,
            0,
            None,
        )
        self.fresh = "running"

    def net(self) -> date:
        """The last day with the paused days on top."""
        return rolled(self.due + timedelta(days=self.paused), POLICY) if self.paused else self.due

    def night(self, today: date) -> None:
        """Pass from the end of the day before into today."""
        if self.state == "paused":
            if self.in_pause == 15 or self.paused == 30:
                self.state = self.fresh
            else:
                self.paused, self.in_pause = self.paused + 1, self.in_pause + 1
        if self.state == self.fresh and today > self.net():
            self.state = "breached"

    def event(self, event: ClockEvent) -> bool:
        """Write an event down; False where the diary has no place for it."""
        name, open_ = event.kind.value, self.state in (self.fresh, "paused", "breached")
        if name == "pause" and self.state == self.fresh and self.paused < 30:
            self.state, self.in_pause = "paused", 0
        elif name == "resume" and self.state == "paused":
            self.state = self.fresh
        elif name == "void" and self.state in (self.fresh, "paused"):
            self.state = "void"
        elif name == "reinstate" and self.state == "void":
            self.state = self.fresh if event.on <= self.net() else "breached"
        elif name == "placed" and open_ and event.first_day >= self.start:
            if self.state == "paused":
                self.paused -= min((event.on - event.first_day).days, self.in_pause)
            self.state, self.met = "met" if event.first_day <= self.net() else "met_late", event.first_day
        elif name == "job_ended" and self.state in ("met", "met_late"):
            if (event.on - self.met).days < 30:
                self.__init__(event.on)
                self.state = self.fresh = "reopened"
        else:
            return False
        return True


@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(0, 70))
def test_the_clock_agrees_with_a_diary_kept_day_by_day(steps, end):
    events = [e for e in told(steps) if e.on <= day(end)]
    model, promise = Model(START), open_promise(START, POLICY)
    for number in range(end + 1):
        if number:
            model.night(day(number))
        for event in (e for e in events if e.on == day(number)):
            if model.event(event):
                promise = apply(promise, event, POLICY)
            else:
                with pytest.raises(PromiseError):
                    apply(promise, event, POLICY)
    promise = advance(promise, day(end), POLICY)
    assert (promise.state.value, promise.started_on, promise.due_on) == (model.state, model.start, model.due)
    assert promise.met_on == model.met
    if model.state in ("running", "reopened", "paused", "breached"):
        assert days_left(promise, day(end), POLICY) == (model.net() - day(end)).days
        assert promise.paused_days <= 30


def test_what_happens_on_the_day_looked_at_is_seen_on_that_day():
    assert at(day(10), pause(day(10))).state is PromiseState.PAUSED
    assert at(day(10), placed(day(10), day(10))).state is PromiseState.MET


def test_the_last_day_of_pause_that_is_left_can_still_be_taken_and_not_one_more():
    used = [pause(day(1)), ClockEvent(K.RESUME, day(15)), pause(day(16)), ClockEvent(K.RESUME, day(31))]
    assert at(day(31), *used).paused_days == 29
    last = at(day(40), *used, pause(day(32)))
    assert (last.paused_days, last.state) == (30, PromiseState.RUNNING)


@pytest.mark.parametrize(("by", "second"), [("S1", ""), ("", "S1"), ("S1", "S1")])
def test_a_clock_comes_back_by_two_people_only(by, second):
    void = at(day(6), ClockEvent(K.VOID, day(5), "moved", "S1", "S2"))
    with pytest.raises(PromiseError, match="reinstate on 2026-06-07: expected two different people"):
        apply(void, ClockEvent(K.REINSTATE, day(6), by=by, second=second), POLICY)
