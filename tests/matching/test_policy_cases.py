"""Every policy row has a case an officer can read, and every case holds."""

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from matching.entitlements import entitlements
from matching.policy.load import PolicyBook, load_policy, packaged_rows
from matching.policy.schema import PolicyRow, keys
from matching.promise import adopt_variant, due_date
from matching.refusals import refusal_log, refusal_table, tallies
from tests.matching.people import household, member, position, table

FOLDER = Path(__file__).parents[1] / "policy_cases"
TODAY = date(2026, 6, 10)


def cases(kind: str) -> list:
    """Return the cases of a kind from every file, named."""
    found = [
        (file.stem, case)
        for file in sorted(FOLDER.glob("*.toml"))
        for case in tomllib.loads(file.read_text("utf-8")).get(kind, [])
    ]
    return [pytest.param(case, id=f"{stem}: {case['name']}") for stem, case in found]


def book(case: dict, place: str = "440103") -> PolicyBook:
    """Return the book of a case's place and day, with the rows the case puts in."""
    found = load_policy(case.get("place", place), case.get("day", TODAY))
    extra = []
    for key, value in case.get("rows", {}).items():
        there = found.row(key)
        new = PolicyRow(
            f"case-{key}",
            key,
            found.region_code[:4] + "00",
            value,
            keys()[key].unit,
            "this case",
            TODAY,
            found.as_of,
            found.as_of,
        )
        extra.append(new if there is None else replace(there, value=value))
    return found.with_rows(extra) if extra else found


@pytest.mark.parametrize("case", cases("case"))
def test_policy_answers_as_the_case_says(case):
    for place in case["places"]:
        row = load_policy(place, case["day"]).row(case["key"])
        answer = "no row" if row is None else list(row.value) if isinstance(row.value, tuple) else row.value
        assert answer == case["answer"] and type(answer) is type(case["answer"]), place


def test_every_packaged_row_answers_a_case():
    answered = {
        row.id
        for param in cases("case")
        for place in param.values[0]["places"]
        if (row := load_policy(place, param.values[0]["day"]).row(param.values[0]["key"])) is not None
    }
    assert sorted({row.id for row in packaged_rows()} - answered) == []


def test_every_key_is_answered_somewhere():
    assert sorted(set(keys()) - {row.key for row in packaged_rows()}) == []


def test_every_row_names_its_source_and_the_day_it_was_verified():
    for row in packaged_rows():
        assert len(row.source) >= 5 and row.verified_on <= date(2026, 12, 31), row.id
        assert "seed document" not in row.source or "2004-2007" in row.source, row.id


@pytest.mark.parametrize("case", cases("due"))
def test_a_promise_falls_due_on_the_day_the_case_says(case):
    policy = book(case)
    policy = adopt_variant(policy, case["variant"]) if "variant" in case else policy
    assert due_date(case["started"], policy) == case["due"]


@pytest.mark.parametrize("case", cases("retires"))
def test_a_person_retires_in_the_month_the_case_says(case):
    policy = book({**case, "rows": {"retirement.women_line": case["line"]}} if "line" in case else case)
    assert policy.retirement_month(case["born"], case["sex"]) == case["month"]


FIVE = "maternity;medical;pension;unemployment;work_injury"


@pytest.mark.parametrize("case", cases("entitled"))
def test_a_placement_brings_what_the_case_says(case):
    changes = {k: None if v == "null" else v for k, v in case.get("position", {}).items()}
    place = {"region_code": case["place"]}
    person = one("members", member(**{"categories": "zero_employment", **place, **case.get("member", {})}))
    post = one("positions", position(**{"insured": FIVE, **place, **changes}))
    unit = (
        one("employers", {"employer_id": "E1", "name": "E", **place, **case["employer"]})
        if "employer" in case
        else None
    )
    home = one("households", household(**{**place, **case["household"]})) if "household" in case else None
    policy = book(case)
    found = {r.code: r.facts for r in entitlements(person, post, policy, policy.as_of, employer=unit, household=home)}
    for code, facts in case.get("expect", {}).items():
        wanted = {k: None if v == "null" else v for k, v in facts.items()}
        assert {k: found[code][k] for k in wanted} == wanted, code
        assert found[code]["policy_id"] and found[code]["source"]
    assert set(found) & set(case.get("absent", [])) == set()


def one(name: str, row: dict) -> dict:
    """Return one canonical row as a mapping."""
    return table(name, row).iloc[0].to_dict()


@pytest.mark.parametrize("case", cases("refusals"))
def test_refusals_count_as_the_case_says(case):
    rows, notices = [], []
    for k, (day, state, reason, justified, suitable, told) in enumerate(case["answers"]):
        rows.append({
            "referral_id": f"R{k}", "member_id": "M1", "position_id": f"P{k}", "created_on": date.fromisoformat(day), "outcome_on": date.fromisoformat(day),
            "state": state, "reason": reason, "reason_side": "member" if state == "declined" else "employer", "suitability": suitable, "refusal_justified": justified or None,
        })  # fmt: skip
        if told:
            notices.append(
                {
                    "notice_id": f"N{k}",
                    "member_id": "M1",
                    "item": "refusal",
                    "object_id": f"R{k}",
                    "given_on": date.fromisoformat(day),
                }
            )
    policy = book(case)
    log = refusal_log(table("referrals", *rows), table("notices", *notices), table("appeals"), policy.as_of)
    found = {t.regime: t for t in tallies("M1", log, policy.as_of, policy)}
    assert {k: found[k].counted for k in case["counted"]} == case["counted"]
    assert sorted(k for k, t in found.items() if t.reached) == case["reached"]
    assert all(len(t.counted_ids) == t.counted for t in found.values())
    counters = refusal_table(log, policy.as_of, policy).set_index("regime")["counted"].to_dict()
    assert counters == {k: t.counted for k, t in found.items()}
