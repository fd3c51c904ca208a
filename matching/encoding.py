"""Members and posts as columns of numbers, as they stood on a given day. The one place where text is parsed."""

from datetime import date

import numpy as np
import pandas as pd

from matching.arrays import Bools, Days, Float32s, Floats, Ints
from matching.pair_columns import Experience, MemberColumns, PositionColumns
from matching.policy.load import PolicyBook
from matching.tables import TABLES, empty
from matching.tokens import certificate_chain, prefixes, region_chain, token_column
from matching.vocabulary import DIMENSIONS, EDUCATION_RANK, POSITION_KINDS, SEEKING

STANDARD_ERROR = {"test": 8.0, "employer_trial": 8.0, "caseworker": 14.0, "self": 14.0}
"""Standard error assumed where an assessment states none, by mode (points of 100; an assumption, see docs/decisions)."""

UNSET_MINUTE = -1
"""Stands for an unknown minute of day in integer columns."""


def encode_members(
    members: pd.DataFrame,
    assessments: pd.DataFrame,
    as_of: date | Days,
    policy: PolicyBook,
    *,
    placements: pd.DataFrame | None = None,
    households: pd.DataFrame | None = None,
    regions: pd.DataFrame | None = None,
) -> MemberColumns:
    """Encode canonical members as they stood on ``as_of`` (one day, or one a row).

    ``households`` adds the category ``zero_employment`` to members of recognised households; ``placements`` the public-welfare posts
    held before; ``regions`` the centroid where a member has no coordinates.
    """
    days = _days(as_of, len(members))
    lng, lat = _coordinates(members, regions)
    times, months = _welfare_history(members, placements, days)
    available = members["available_from"].to_numpy().astype("datetime64[D]")
    return MemberColumns(
        ids=members["member_id"].to_numpy(dtype=object),
        household_ids=members["household_id"].to_numpy(dtype=object),
        as_of=days,
        skills=current_skills(members["member_id"], assessments, days, policy.whole("assessment.valid_days")),
        education=members["education"].map(EDUCATION_RANK).to_numpy(dtype=np.int64),
        certificates=token_column(members["certificates"], certificate_chain),
        categories=token_column(_categories(members, households, days)),
        functional_limits=token_column(members["functional_limits"]),
        accommodations=token_column(members["accommodations_needed"]),
        wanted=token_column(members["wanted_occupations"]),
        excluded_tasks=token_column(members["excluded_tasks"]),
        accepted_regions=token_column(members["accepted_regions"]),
        kinds_ok=token_column(members["kinds_ok"]),
        experience=_experience(members["experience"]),
        seeking=(members["willing"] & members["employment_state"].isin(SEEKING)).to_numpy(dtype=bool),
        age_gate=_age_gate(members, days, policy),
        flexible=members["flexibility_declared"].to_numpy(dtype=bool),
        wage_floor=_number(members["wage_floor"]),
        commute_limit=_number(members["commute_limit_minutes"]),
        earliest_start=_number(members["earliest_start"]),
        latest_end=_number(members["latest_end"]),
        max_hours=_number(members["max_hours_week"]),
        night_ok=_number(members["night_ok"]),
        reachable=members["reachable"].map({"ok": 1.0, "unsure": 0.5, "unreachable": 0.0}).to_numpy(dtype=float),
        available_in=np.where(np.isnat(available), 0.0, (available - days) / np.timedelta64(1, "D")),
        city=members["region_code"].str[:4].to_numpy(dtype=object),
        lng=lng,
        lat=lat,
        pw_times=times,
        pw_months=months,
    )


def encode_positions(
    positions: pd.DataFrame,
    employers: pd.DataFrame,
    as_of: date | Days,
    policy: PolicyBook,
    *,
    pending: Ints | None = None,
    regions: pd.DataFrame | None = None,
) -> PositionColumns:
    """Encode canonical posts as they stood on ``as_of``; ``pending`` (n,) is the number of open referrals at each post that day."""
    n = len(positions)
    days = _days(as_of, n)
    lng, lat = _coordinates(positions, regions)
    need, essential = _skill_needs(positions)
    unconfirmed = days_unconfirmed(positions, as_of)
    until = positions["valid_until"].to_numpy().astype("datetime64[D]")
    is_open = (positions["status"] == "open").to_numpy() & (positions["openings_left"] > 0).to_numpy()
    minimum = policy.each("wage.minimum_month", positions["region_code"])
    return PositionColumns(
        ids=positions["position_id"].to_numpy(dtype=object),
        as_of=days,
        kind=positions["kind"].map({k: i for i, k in enumerate(POSITION_KINDS)}).to_numpy(dtype=np.int64),
        open=is_open & ~(until < days),
        fresh=_fresh(positions, unconfirmed, policy),
        review=positions["review_state"]
        .map({"quarantined": -1, "received": 0, "verified": 1})
        .to_numpy(dtype=np.int64),
        barred_employer=_barred(positions, employers),
        wage_gate=wage_gate(positions, minimum, policy),
        region=token_column(positions["region_code"], region_chain),
        city=positions["region_code"].str[:4].to_numpy(dtype=object),
        lng=lng,
        lat=lat,
        home_based=positions["home_based"].to_numpy(dtype=bool),
        occupation=token_column(positions["occupation_code"], prefixes),
        openings_left=positions["openings_left"].to_numpy(dtype=np.int64),
        pending=np.zeros(n) if pending is None else np.asarray(pending, dtype=float),
        wage_min=_number(positions["wage_min"]),
        wage_max=_number(positions["wage_max"]),
        minimum_wage=minimum,
        contract_months=_number(positions["contract_months"]),
        insured=_set_sizes(positions["insured"]),
        hours=_number(positions["hours_week"]),
        shift_start=_number(positions["shift_start"]),
        shift_end=_number(positions["shift_end"]),
        night=positions["night"].to_numpy(dtype=bool),
        min_education=positions["min_education"].map(EDUCATION_RANK).fillna(0).to_numpy(dtype=np.int64),
        certificates=token_column(positions["required_certificates"]),
        need=need,
        essential=essential,
        experience_months=_number(positions["experience_months"]),
        lift_kg=_number(positions["lift_kg"]),
        standing=positions["standing"].to_numpy(dtype=bool),
        height=positions["height"].to_numpy(dtype=bool),
        chemical=positions["chemical"].to_numpy(dtype=bool),
        contact=positions["customer_contact"].to_numpy(dtype=bool),
        task_tags=token_column(positions["excluded_task_tags"]),
        accommodations=token_column(positions["accommodations_offered"]),
        reserved=token_column(positions["reserved_categories"]),
        training=positions["training_provided"].to_numpy(dtype=bool),
        days_listed=_age_days(positions["posted_on"], days),
        days_unconfirmed=unconfirmed,
    )


def current_skills(member_ids: pd.Series, assessments: pd.DataFrame, days: Days, valid_days: int) -> Float32s:
    """Return (n, 12) current skill values: the precision-weighted mean of unexpired assessments made by each row's day.

    NaN where a dimension has none.
    """
    n, k = len(member_ids), len(DIMENSIONS)
    if not len(assessments) or not n:
        return np.full((n, k), np.nan, dtype=np.float32)
    known = pd.Index(member_ids.unique())
    rows_member = known.get_indexer(pd.Index(member_ids))
    owner = known.get_indexer(pd.Index(assessments["member_id"]))
    order = np.argsort(owner, kind="stable")
    order = order[owner[order] >= 0]
    counts = np.bincount(owner[order], minlength=len(known))
    starts = np.concatenate([[0], np.cumsum(counts)])
    repeat = counts[rows_member]
    row = np.repeat(np.arange(n), repeat)
    within = np.arange(len(row)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    pick = order[starts[rows_member[row]] + within]
    made = assessments["assessed_on"].to_numpy().astype("datetime64[D]")[pick]
    expires = assessments["expires_on"].to_numpy().astype("datetime64[D]")[pick]
    expires = np.where(np.isnat(expires), made + np.timedelta64(valid_days, "D"), expires)
    live = (made <= days[row]) & (expires >= days[row])
    error = assessments["standard_error"].fillna(assessments["mode"].map(STANDARD_ERROR)).to_numpy(dtype=float)[pick]
    weight = np.where(live, 1.0 / np.square(np.maximum(error, 0.5)), 0.0)
    dimension = pd.Index(DIMENSIONS).get_indexer(pd.Index(assessments["dimension"]))[pick]
    cell = row * k + dimension
    total = np.bincount(cell, weights=weight, minlength=n * k)
    value = np.bincount(cell, weights=weight * assessments["score"].to_numpy(dtype=float)[pick], minlength=n * k)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(total > 0, value / total, np.nan)
    return mean.reshape(n, k).astype(np.float32)


def open_referrals(referrals: pd.DataFrame, ids: pd.Series, key: str, days: Days, open_states: frozenset[str]) -> Ints:
    """Return (n,) how many referrals of each id (``key`` column) were open at the start of each row's day."""
    created = referrals["created_on"].to_numpy().astype("datetime64[D]")
    ended = referrals["outcome_on"].to_numpy().astype("datetime64[D]")
    still = referrals["state"].isin(open_states).to_numpy()
    far = np.datetime64("2999-01-01", "D")
    ended = np.where(np.isnat(ended), np.where(still, far, created + np.timedelta64(1, "D")), ended)
    known = pd.Index(ids.unique())
    owner = known.get_indexer(referrals[key])
    mine = known.get_indexer(ids)
    keep = owner >= 0
    return _count_before(owner[keep], created[keep], mine, days) - _count_before(owner[keep], ended[keep], mine, days)


def _count_before(owner: Ints, on: Days, mine: Ints, days: Days) -> Ints:
    span = np.int64(4_000_000)
    keys = np.sort(owner.astype(np.int64) * span + on.astype(np.int64))
    before = np.searchsorted(keys, mine * span + days.astype(np.int64), side="left")
    return np.asarray(before - np.searchsorted(keys, mine * span - span // 2))


def _days(as_of: date | Days, n: int) -> Days:
    if isinstance(as_of, np.ndarray):
        return as_of.astype("datetime64[D]")
    return np.full(n, np.datetime64(as_of, "D"))


def _number(series: pd.Series) -> Floats:
    return series.to_numpy(dtype=float, na_value=np.nan)


def days_unconfirmed(positions: pd.DataFrame, as_of: date | np.ndarray) -> Floats:
    """Return (n,) days since the employer last confirmed each post, else since it was verified, else since it was posted."""
    confirmed = positions["last_confirmed_on"].fillna(positions["verified_on"]).fillna(positions["posted_on"])
    return _age_days(confirmed, _days(as_of, len(positions)))


def _fresh(positions: pd.DataFrame, unconfirmed: Floats, policy: PolicyBook) -> Ints:
    """1 confirmed recently, -1 confirmed too long ago, 0 an older post nobody ever noted a confirmation of."""
    recent = unconfirmed <= policy.number("freshness.days")
    return np.where(recent, 1, np.where(positions["last_confirmed_on"].isna(), 0, -1)).astype(np.int64)


def _age_days(dates: pd.Series, days: Days) -> Floats:
    gap = (days - dates.to_numpy().astype("datetime64[D]")) / np.timedelta64(1, "D")
    return np.asarray(np.maximum(gap, 0.0))


def _coordinates(frame: pd.DataFrame, regions: pd.DataFrame | None) -> tuple[Floats, Floats]:
    lng, lat = _number(frame["longitude"]), _number(frame["latitude"])
    if regions is None or not np.isnan(lng).any():
        return lng, lat
    placed = regions.dropna(subset=["longitude", "latitude"]).set_index("region_code")
    for width in (12, 6):
        codes = frame["region_code"].str[:width]
        lng = np.where(np.isnan(lng), codes.map(placed["longitude"]).to_numpy(dtype=float), lng)
        lat = np.where(np.isnan(lat), codes.map(placed["latitude"]).to_numpy(dtype=float), lat)
    return lng, lat


def _categories(members: pd.DataFrame, households: pd.DataFrame | None, days: Days) -> pd.Series:
    given = members["categories"].fillna("")
    if households is None or not len(households):
        return given
    recognised = members["household_id"].map(households.set_index("household_id")["recognised_on"])
    living = (
        members["household_id"]
        .map(households.set_index("household_id")["status"])
        .isin(["recognised", "in_service", "one_employed", "stable"])
    )
    since = recognised.to_numpy().astype("datetime64[D]")
    adds = living.to_numpy() & (since <= days) & ~given.str.contains("zero_employment").to_numpy()
    return given.where(~adds, np.where(given == "", "zero_employment", given + ";zero_employment"))


def _welfare_history(members: pd.DataFrame, placements: pd.DataFrame | None, days: Days) -> tuple[Ints, Floats]:
    n = len(members)
    if placements is None or not len(placements):
        return np.zeros(n, dtype=np.int64), np.zeros(n)
    welfare = placements[placements["kind"] == "PUBLIC_WELFARE"]
    known = pd.Index(members["member_id"].unique())
    owner = known.get_indexer(welfare["member_id"])
    mine = known.get_indexer(members["member_id"])
    started = welfare["started_on"].to_numpy().astype("datetime64[D]")
    keep = owner >= 0
    times = _count_before(owner[keep], started[keep], mine, days)
    ended = welfare["ended_on"].to_numpy().astype("datetime64[D]")
    last = days.max() if n else np.datetime64("1970-01-01", "D")
    held = np.maximum((np.where(np.isnat(ended), last, ended) - started) / np.timedelta64(30, "D"), 0.0)
    months = np.bincount(owner[keep], weights=held[keep], minlength=len(known))[mine]
    return times.astype(np.int64), np.where(times > 0, months, 0.0)


def _experience(texts: pd.Series) -> Experience:
    codes, uniques = pd.factorize(texts.fillna("").to_numpy(dtype=object))
    tokens: dict[str, int] = {}
    rows: list[tuple[int, int, float]] = []
    for u, text in enumerate(uniques):
        sums: dict[int, float] = {}
        for pair in str(text).split(";"):
            code, colon, span = pair.rpartition(":")
            for token in dict.fromkeys((code, code[:3], code[:1])) if colon else ():
                k = tokens.setdefault(token, len(tokens))
                sums[k] = sums.get(k, 0.0) + float(span)
        rows += [(u, k, m) for k, m in sums.items()]
    if not rows:
        return Experience(np.zeros(0, dtype=np.int64), np.zeros(0), tokens)
    unique, owner_token, months = (np.array(x) for x in zip(*rows, strict=True))
    counts = np.bincount(unique, minlength=len(uniques))
    starts = np.concatenate([[0], np.cumsum(counts)])
    repeat = counts[codes]
    row = np.repeat(np.arange(len(codes)), repeat)
    pick = starts[codes[row]] + np.arange(len(row)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    keys = row.astype(np.int64) * len(tokens) + owner_token[pick]
    order = np.argsort(keys)
    return Experience(keys[order], months[pick][order].astype(float), tokens)


def _age_gate(members: pd.DataFrame, days: Days, policy: PolicyBook) -> Ints:
    """1 within working age, -1 outside, 0 where birth month or sex leave it open."""
    birth = members["birth_month"].to_numpy(dtype=object)
    known = members["birth_month"].notna().to_numpy()
    born = np.where(known, birth, "1900-01").astype("datetime64[M]")
    month = days.astype("datetime64[M]")
    old_enough = (month - born).astype(np.int64) >= 12 * policy.whole("work.minimum_age")
    retires = np.array(policy.retirement_months(birth, members["sex"].to_numpy(dtype=object)), dtype="datetime64[M]")
    working = np.where(np.isnat(retires), 0, np.where(month < retires, 1, -1))
    return np.where(~known, 0, np.where(old_enough, working, -1)).astype(np.int64)


def _barred(positions: pd.DataFrame, employers: pd.DataFrame) -> Bools:
    if not len(employers):
        return np.zeros(len(positions), dtype=bool)
    listed = employers.loc[employers["blacklisted"], "employer_id"]
    return (positions["employer_id"].isin(listed) | positions["user_unit_id"].isin(listed)).to_numpy(dtype=bool)


def wage_gate(positions: pd.DataFrame, minimum: Floats, policy: PolicyBook) -> Ints:
    """Return (n,) 1 lawful, -1 the best wage offered is below the minimum wage, 0 only its lower end is, or the minimum is not known."""
    low, high = _number(positions["wage_min"]), _number(positions["wage_max"])
    hours = _number(positions["hours_week"])
    hourly = policy.each("wage.minimum_hour", positions["region_code"])
    part_time = (positions["wage_type"] == "hourly").to_numpy() | (hours < policy.number("work.full_time_hours"))
    floor = np.where(part_time & ~np.isnan(hourly), hourly * hours * 52.0 / 12.0, minimum)
    exempt = (positions["wage_type"] == "piece").to_numpy() | positions["kind"].isin(["FLEXIBLE", "TRAINEE"]).to_numpy()
    gate = np.where(high + 0.5 < floor, -1, np.where((low + 0.5 < floor) | np.isnan(floor), 0, 1))
    return np.where(exempt, 1, gate).astype(np.int64)


def _set_sizes(texts: pd.Series) -> Floats:
    return np.where(texts == "", 0, texts.str.count(";") + 1).astype(float)


def _skill_needs(positions: pd.DataFrame) -> tuple[Float32s, Bools]:
    index = {d: k for k, d in enumerate(DIMENSIONS)}
    codes, uniques = pd.factorize(positions["required_skills"].fillna("").to_numpy(dtype=object))
    table = np.full((max(len(uniques), 1), len(DIMENSIONS)), np.nan, dtype=np.float32)
    for u, text in enumerate(uniques):
        for pair in str(text).split(";"):
            name, colon, level = pair.rpartition(":")
            if colon:
                table[u, index[name]] = float(level)
    essential = token_column(positions["essential_skills"])
    flags = np.zeros((max(len(essential.sets), 1), len(DIMENSIONS)), dtype=bool)
    for u, names in enumerate(essential.sets):
        flags[u, [index[name] for name in names]] = True
    return table[codes], flags[essential.codes]


def no_assessments() -> pd.DataFrame:
    """Return an assessments table without rows."""
    return empty(TABLES["assessments"])
