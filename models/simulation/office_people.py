"""Households, members, assessments and the service path as the simulated office has them on file."""

import numpy as np
import pandas as pd

from matching.arrays import Ints
from matching.vocabulary import DIMENSIONS, Education
from models.simulation.ledger import SELF_FOUND
from models.simulation.occupations import CERTIFICATES, FIELD_CODES
from models.simulation.office import Office, canonical, ids, nullable, pick, words
from models.simulation.people import LIMITS
from models.simulation.truth import WINDOW

STABLE_DAYS, CLOSED_DAYS = 90, 180
"""Days of work after which a household is stable, after which its file is closed."""

STAGES = ("BASIC", "JOBSEARCH", "EXPERT", "ASSESS", "SKILL_TRAIN", "TARGET_TRAIN")
"""Stages a member without work goes through; FOLLOWUP follows a job."""

INTAKE_DONE, INTAKE_MISSING, TEST_MISSING = 0.9, 0.40, 0.08
"""Share of members with an intake profile; shares of dimensions missing before and after stage ASSESS (section 7.2)."""

_RELATIONS = np.array(["head", "spouse", "child"], dtype=object)
_EDUCATION = np.array([level.value for level in Education], dtype=object)


def current_jobs(office: Office) -> pd.DataFrame:
    """Return the known job of every member who has one today: ``member post day``."""
    jobs = office.world.jobs
    frame = pd.DataFrame(
        {
            "member": jobs.member,
            "post": jobs.post,
            "day": jobs.day,
            "known": jobs.known_day,
            "ends": np.array(jobs.ends_on, dtype="datetime64[D]"),
        }
    )
    return frame[
        (frame["known"] <= office.day) & (frame["ends"].to_numpy().astype("datetime64[D]") > office.as_of)
    ].drop_duplicates("member", keep="last")


def households(office: Office) -> pd.DataFrame:
    """Write the households."""
    people, places, rows = office.truth.people, office.truth.places, office.households
    recognised = office.date(people.arrives[rows])
    status, closed = _statuses(office)
    names = places.regions.set_index("region_code")["name_zh"]
    district = pd.Series(places.codes[people.street[rows]]).str[:6].map(names).fillna("直属").to_numpy(dtype=object)
    return canonical("households", {
        "household_id": ids("H", rows),
        "file_no": [f"模拟-{d}-{n:06d}" for d, n in zip(district, rows, strict=True)],
        "region_code": places.codes[people.street[rows]],
        "hukou_region_code": places.codes[people.street[rows]],
        "area_kind": np.where(people.rural[rows], "rural", "urban"),
        "discovered_on": recognised - people.discovery_lag[rows].astype("timedelta64[D]"),
        "recognised_on": recognised,
        "recognition_basis": "模拟认定",
        "dibao_status": np.where(people.dibao[rows], "receiving", "none"),
        "hardship_level": np.minimum(people.dibao[rows] + (office.luck("hardship", rows) < 0.4).astype(int) + (office.luck("hardship2", rows) < 0.2), 3),
        "paired_caseworker_id": ids("K", people.caseworker[rows]),
        "status": status,
        "closed_on": closed,
    })  # fmt: skip


def _statuses(office: Office) -> tuple[np.ndarray, np.ndarray]:
    people, world, rows = office.truth.people, office.world, office.households
    jobs = current_jobs(office)
    since = np.full(len(people.arrives), np.datetime64("NaT", "D"))
    first = jobs.assign(household=people.household[jobs["member"]]).groupby("household")["day"].min()
    since[first.index.to_numpy(dtype=int)] = office.date(first.to_numpy())
    since = since[rows]
    span = (office.as_of - since).astype(float)
    span[np.isnat(since)] = np.nan
    gone = world.gone_day[rows] >= 0
    left = pick(office.luck("left-as", rows), ("withdrawn", "moved", "ended"), (0.7, 0.15, 0.15))
    here = np.select(
        [span >= CLOSED_DAYS, span >= STABLE_DAYS, span >= 0, people.arrives[rows] == office.day],
        ["closed", "stable", "one_employed", "recognised"],
        "in_service",
    )
    status = np.where(gone, left, here)
    closed = np.where(status == "closed", since + np.timedelta64(CLOSED_DAYS, "D"), np.datetime64("NaT", "D"))
    return status, np.where(gone, office.date(world.gone_day[rows]), closed)


def members(office: Office, spells: pd.DataFrame) -> pd.DataFrame:
    """Write the members; what they told is rounded, in part missing, and in part not quite true."""
    people, places, rows = office.truth.people, office.truth.places, office.members
    home = people.household[rows]
    recognised = office.date(people.arrives[home])
    declared = recognised + people.declare_lag[home].astype("timedelta64[D]")
    flexible = ~people.picky[rows] & (declared <= office.as_of)
    gone = office.world.gone_day[home] >= 0
    born = recognised.astype("datetime64[M]") - people.age_months[rows].astype("timedelta64[M]")
    floor = np.round(people.reservation[rows] * np.exp(0.04 * office.noise("tells-wage", rows)) / 5000) * 5000
    told = {name: office.luck(f"tells-{name}", rows) for name in ("floor", "limit", "night", "wish")}
    state, stage = _states(office, spells)
    return canonical("members", {
        "member_id": ids("M", rows),
        "household_id": ids("H", home),
        "relation": _RELATIONS[people.relation[rows]],
        "birth_month": born.astype(str),
        "sex": np.where(people.female[rows], "F", "M"),
        "education": _EDUCATION[people.education[rows]],
        "certificates": words(people.certificate[rows], CERTIFICATES),
        "experience": _experience(office),
        "categories": _categories(office),
        "disability_level": nullable(people.disability[rows], people.disability[rows] > 0),
        "functional_limits": words(people.limits[rows], tuple(name for name, _ in LIMITS)),
        "willing": ~gone,
        "willing_confirmed_on": recognised,
        "flexibility_declared": flexible,
        "flexibility_declared_on": np.where(flexible, declared, np.datetime64("NaT", "D")),
        "registered_on": recognised,
        "wanted_occupations": [FIELD_CODES[f][0] if u < 0.4 else "" for f, u in zip(people.trade_field[rows], told["wish"], strict=True)],
        "excluded_tasks": np.where(people.picky[rows], "low_status", ""),
        "wage_floor": nullable(floor, told["floor"] < 0.85),
        "commute_limit_minutes": nullable(np.round(people.commute_limit[rows] / 5) * 5, told["limit"] < 0.9),
        "earliest_start": nullable(np.full(len(rows), WINDOW[0]), people.windowed[rows]),
        "latest_end": nullable(np.full(len(rows), WINDOW[1]), people.windowed[rows]),
        "night_ok": pd.array(np.where(told["night"] < 0.85, people.night_ok[rows], None), dtype="boolean"),
        "reachable": np.where(people.reach[rows] > 0.5, "ok", pick(office.luck("reachable", rows), ("unsure", "unreachable", "ok"), (0.5, 0.2, 0.3))),
        "employment_state": state,
        "unemployed_since": recognised - np.round(people.months_unemployed[rows] * 30.4).astype("timedelta64[D]"),
        "path_stage": stage,
        "region_code": places.codes[people.street[home]],
        "longitude": places.lng[people.street[home]],
        "latitude": places.lat[people.street[home]],
    })  # fmt: skip


def _states(office: Office, spells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    people, posts, rows = office.truth.people, office.truth.posts, office.members
    jobs = current_jobs(office).set_index("member").reindex(rows)
    at_work = jobs["post"].notna().to_numpy()
    post = jobs["post"].fillna(0).to_numpy(dtype=int)
    flexible = (post != SELF_FOUND) & (posts.kind[np.maximum(post, 0)] == 4)
    alone = (post == SELF_FOUND) & (office.luck("alone-as", rows) < 0.2)
    last = spells.drop_duplicates("member", keep="last").set_index("member").reindex(rows)
    stage = np.where(at_work, "FOLLOWUP", last["stage"].to_numpy(dtype=object))
    training = np.isin(stage, ["SKILL_TRAIN", "TARGET_TRAIN"]) & (office.luck("training", rows) < 0.5)
    gone = office.world.gone_day[people.household[rows]] >= 0
    working = np.select([alone, flexible], ["self_employed", "flexible"], "employed")
    return np.where(at_work, working, np.where(gone, "inactive", np.where(training, "training", "unemployed"))), stage


def _experience(office: Office) -> list[str]:
    """Return the map of months by occupation: 60 % in the last job, the rest in another of the same field."""
    people, rows = office.truth.people, office.members
    out = []
    for f, last, months in zip(
        people.trade_field[rows], people.last_code[rows], people.months_worked[rows], strict=True
    ):
        codes = FIELD_CODES[f]
        main = round(0.6 * months)
        if main < 1:
            out.append("")
        elif len(codes) == 1:
            out.append(f"{codes[0]}:{round(months)}")
        else:
            out.append(f"{codes[last]}:{main};{codes[(last + 1) % len(codes)]}:{max(round(months) - main, 1)}")
    return out


def _categories(office: Office) -> np.ndarray:
    people, rows = office.truth.people, office.members
    home = people.household[rows]
    flags = np.column_stack([
        ~people.rural[home], people.rural[home], people.older[rows], people.dibao[home], people.disability[rows] > 0, people.months_unemployed[rows] >= 12,
    ])  # fmt: skip
    return words(flags, ("zero_employment", "rural_zero_transfer", "older", "dibao", "disabled", "long_unemployed"))


def path_spells(office: Office) -> pd.DataFrame:
    """Return every stage entered: ``member stage entered left exit``, days as indices, -1 for still there; in order."""
    people, world, rows = office.truth.people, office.world, office.members
    jobs = world.jobs
    known = np.array(jobs.known_day, dtype=np.int64) <= office.day
    ends = np.array(jobs.ends_on, dtype="datetime64[D]")[known]
    done = ends <= office.as_of
    member, began = np.array(jobs.member, dtype=np.int64)[known], np.array(jobs.day, dtype=np.int64)[known]
    back = office.truth.days.index(ends) if len(ends) else np.zeros(0, dtype=np.int64)
    start = pd.DataFrame(
        {
            "member": np.concatenate([rows, member[done]]),
            "start": np.concatenate([people.member_arrives[rows], back[done]]),
        }
    )
    start = start[start["member"].isin(rows) & (start["start"] <= office.day)].sort_values(
        ["member", "start"], ignore_index=True
    )
    start["turn"] = start.groupby("member").cumcount()
    work = pd.DataFrame(
        {"member": member, "work": began, "ended": np.where(done, np.minimum(back, office.day), -1)}
    ).sort_values(["member", "work"])
    work["turn"] = work.groupby("member").cumcount()
    spells = start.merge(work, on=["member", "turn"], how="left")
    gone = world.gone_day[people.household[spells["member"]]]
    stop = spells["work"].to_numpy(dtype=float)
    left = np.where(np.isnan(stop), np.where(gone >= 0, np.maximum(gone, spells["start"]), -1), stop).astype(np.int64)
    exits = np.where(~np.isnan(stop), "placed", np.where(gone >= 0, "withdrawn", ""))
    parts = [_stages(office, spells["member"].to_numpy(), spells["start"].to_numpy(), left, exits)]
    placed = spells[spells["work"].notna()]
    until = placed["ended"].to_numpy(dtype=np.int64)
    parts.append(
        pd.DataFrame(
            {
                "member": placed["member"],
                "stage": "FOLLOWUP",
                "entered": placed["work"].astype(int),
                "left": until,
                "exit": np.where(until >= 0, "void", ""),
            }
        )
    )
    return pd.concat(parts, ignore_index=True).sort_values(["member", "entered"], kind="stable", ignore_index=True)


def _stages(office: Office, member: Ints, start: Ints, left: Ints, exits: np.ndarray) -> pd.DataFrame:
    """Lay the six stages over spells without work; a stage that would begin after the spell is not entered."""
    u = [office.luck(f"path-{k}", member, start) for k in range(5)]
    search = 5 + (3 * u[0]).astype(int)
    test = 12 + (8 * u[1]).astype(int)
    skill = np.where(u[2] < 0.6, test + 8, 10_000)
    after = np.column_stack([
        np.zeros_like(search), search, np.where(u[3] < 0.25, 10, 10_000), test, skill, np.where(u[4] < 0.5, test + 25, 10_000),
    ])  # fmt: skip
    entered = start[:, None] + after
    stop = np.where(left < 0, office.day + 1, left)
    inside = (entered < stop[:, None]) | (after == 0)
    following = np.where(inside, entered, 1 << 40)
    later = np.minimum.accumulate(following[:, ::-1], axis=1)[:, ::-1]
    nxt = np.column_stack([later[:, 1:], np.full(len(start), 1 << 40)])
    row, stage = np.nonzero(inside)
    goes_on = nxt[row, stage] < (1 << 40)
    return pd.DataFrame({
        "member": member[row], "stage": np.array(STAGES, dtype=object)[stage], "entered": entered[row, stage],
        "left": np.where(goes_on, nxt[row, stage], left[row]), "exit": np.where(goes_on, "next", exits[row]),
    })  # fmt: skip


def path_records(office: Office, spells: pd.DataFrame) -> pd.DataFrame:
    """Write the stages members went through."""
    return canonical("path_records", {
        "path_record_id": ids("S", np.arange(len(spells))),
        "member_id": ids("M", spells["member"].to_numpy()),
        "stage": spells["stage"],
        "entered_on": office.date(spells["entered"].to_numpy()),
        "left_on": office.date(spells["left"].to_numpy()),
        "exit": spells["exit"].where(spells["exit"] != "", None),
        "sessions": 1,
    })  # fmt: skip


def assessments(office: Office, spells: pd.DataFrame) -> pd.DataFrame:
    """Write intake profiles and tests: the true skill with error, some dimensions missing."""
    people, rows = office.truth.people, office.members
    intake = rows[office.luck("intake", rows) < INTAKE_DONE]
    mode = np.where(office.luck("intake-mode", intake) < 0.6, "caseworker", "self")
    tested = spells[spells["stage"] == "ASSESS"].drop_duplicates("member")
    parts = [
        _scores(office, intake, people.member_arrives[intake], mode, "intake", 14.0, INTAKE_MISSING, "BASIC"),
        _scores(
            office,
            tested["member"].to_numpy(),
            tested["entered"].to_numpy(),
            np.full(len(tested), "test"),
            "aptitude",
            8.0,
            TEST_MISSING,
            "ASSESS",
        ),
    ]
    return canonical("assessments", pd.concat(parts, ignore_index=True).to_dict("series"))


def _scores(
    office: Office, member: Ints, day: Ints, mode: np.ndarray, instrument: str, error: float, missing: float, stage: str
) -> pd.DataFrame:
    people = office.truth.people
    dims = np.arange(len(DIMENSIONS))
    score = people.skills[member] + error * office.noise(instrument, member[:, None], dims[None, :])
    row, dim = np.nonzero(office.luck(f"{instrument}-missing", member[:, None], dims[None, :]) >= missing)
    return pd.DataFrame({
        "member_id": ids("M", member)[row],
        "assessed_on": office.date(day)[row],
        "stage": stage,
        "instrument": instrument,
        "mode": mode[row],
        "dimension": np.array(DIMENSIONS, dtype=object)[dim],
        "score": np.round(np.clip(score[row, dim], 0, 100)),
        "standard_error": error,
        "assessor_id": ids("K", people.caseworker[people.household[member]])[row],
    })  # fmt: skip
