"""Whether a scorer treats groups alike: what they are shown, what a barred attribute changes, and what the features give away."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from matching.policy.load import PolicyBook
from models.baselines import Scoring
from models.choices import Choices, choices_on, top_of
from models.datasets import TrainingFrame, features_on_the_day
from models.people_groups import PROTECTED, member_groups
from models.record import CheckedTables, checked_tables, read_record

SAMPLED_MEMBERS = 400
PERTURBED_ROWS = 300
SHOWN = 5
AUDITED_ROWS = 4_000


def audit(
    scorer: Scoring, test: TrainingFrame, tables: Mapping[str, pd.DataFrame], policy: PolicyBook
) -> dict[str, Any]:
    """Return exposure by group, the perturbation test and the proxy audit as plain values."""
    return {
        "exposure": exposure(scorer, test, tables, policy),
        "perturbation": perturbation(scorer, test, tables, policy),
        "proxies": proxies(test, tables),
    }


def exposure(
    scorer: Scoring, test: TrainingFrame, tables: Mapping[str, pd.DataFrame], policy: PolicyBook
) -> dict[str, Any]:
    """Return, by protected group, what the first five posts shown to its members are.

    ``non_welfare`` is the share of posts that are not public-welfare posts, ``available`` the same among all posts their recorded limits
    leave open, ``mean_wage`` in fen a month. ``n`` counts members with a post to show.
    """
    ids = np.unique(test.member_id.astype(str))
    ids = np.sort(np.random.default_rng(0).permutation(ids)[:SAMPLED_MEMBERS]).astype(object)
    seen = choices_on(tables, ids, test.cutoff, policy)
    if not len(seen.pairs):
        return {}
    order = scorer.score(seen.pairs, np.full(len(seen.pairs), 30.0)).order
    shown = top_of(order, seen.pairs.member, SHOWN)
    by_member = _per_member(seen, shown)
    groups = member_groups(tables, ids, np.full(len(ids), test.cutoff))
    out: dict[str, Any] = {}
    for dimension in (*PROTECTED, "district"):
        label = groups[dimension][by_member.index.to_numpy()]
        table = by_member.groupby(label, sort=True).mean()
        sizes = by_member.groupby(label, sort=True).size()
        out[dimension] = {
            str(g): {"n": int(sizes[g]), **{k: float(v) for k, v in row.items()}} for g, row in table.iterrows()
        }
    return out


def perturbation(
    scorer: Scoring, test: TrainingFrame, tables: Mapping[str, pd.DataFrame], policy: PolicyBook
) -> dict[str, Any]:
    """Change barred attributes alone and count scores that move by a single bit; there may be none."""
    rows = np.unique(np.linspace(0, len(test) - 1, PERTURBED_ROWS).astype(int))
    day = test.cutoff.astype("datetime64[D]").item()
    some = test.take(rows)
    days = np.full(len(rows), 14.0)
    before = scorer.score(some.pairs, days)
    out: dict[str, Any] = {"rows": len(rows), "changed": {}}
    for name, changed in barred_changes(_about(some, checked_tables(tables))).items():
        record = read_record(changed, day)
        referrals = record["referrals"].set_index("referral_id", drop=False).loc[some.referral_id]
        features = features_on_the_day(record, referrals, policy)
        after = scorer.score(type(some.pairs)(some.pairs.member, some.pairs.position, features, some.pairs.names), days)
        moved = (before.p_placed != after.p_placed) | (before.p_stays != after.p_stays) | (before.order != after.order)
        out["changed"][name] = int(moved.sum())
    return out


def _about(rows: TrainingFrame, tables: CheckedTables) -> CheckedTables:
    """Return the part of the record that the features of these rows rest on: their posts with all that happened there, and who took part."""
    referrals = tables["referrals"]
    posts = referrals.loc[referrals["referral_id"].isin(rows.referral_id), "position_id"].unique()
    of_posts = ("positions", "referrals", "placements")
    there = {name: tables[name][tables[name]["position_id"].isin(posts)] for name in of_posts}
    people = set(rows.member_id) | set(there["referrals"]["member_id"]) | set(there["placements"]["member_id"])
    part = {name: tables[name][tables[name]["member_id"].isin(people)] for name in ("members", "assessments")}
    return CheckedTables({**tables, **there, **part}, tables.left_out)


def barred_changes(tables: Mapping[str, pd.DataFrame]) -> dict[str, CheckedTables]:
    """Return tables in which one barred attribute of everybody is another, by attribute."""
    tables = checked_tables(tables)
    members, households = tables["members"], tables["households"]
    even = np.arange(len(members)) % 2 == 0
    changed = {
        "sex": {"members": members.assign(sex=np.where(members["sex"] == "F", "M", "F"))},
        "age": {"members": members.assign(birth_month=np.where(even, "1962-03", "2004-11"))},
        "disability": {"members": members.assign(disability_level=pd.array(np.where(even, 1, 4), dtype="Int64"))},
        "categories": {"members": members.assign(categories="")},
        "hukou": {"households": households.assign(hukou_region_code="110101", area_kind="rural")},
        "dibao": {"households": households.assign(dibao_status="receiving", hardship_level=3)},
    }
    return {name: CheckedTables({**tables, **change}, tables.left_out) for name, change in changed.items()}


def proxies(test: TrainingFrame, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return how well the features give away each barred attribute: out-of-fold AUC of a logistic regression, one row a member.

    0.5 is not at all. Figures to look at, not a gate: distance to work and skills do differ between groups.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from models.metrics import auc

    _, first = np.unique(test.member_id.astype(str), return_index=True)
    first = np.sort(first)[:AUDITED_ROWS]
    features = test.pairs.features[first].astype(float)
    groups = member_groups(tables, test.member_id[first], test.created_on[first])
    marks = {
        "sex": ("F", groups["sex"]), "age_over_50": ("50+", groups["age"]), "disability": ("recorded", groups["disability"]),
        "dibao": ("receiving", groups["dibao"]), "hukou": ("from_elsewhere", groups["hukou"]), "rural": ("rural", groups["area"]),
    }  # fmt: skip
    model = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=0.3, max_iter=2_000),
    )
    out: dict[str, Any] = {}
    for name, (mark, label) in marks.items():
        known = label != "unknown"
        y = (label[known] == mark).astype(int)
        if min(y.sum(), (1 - y).sum()) < 20:
            out[name] = {"n": int(known.sum()), "positive": int(y.sum()), "auc": None}
            continue
        p = cross_val_predict(model, features[known], y, cv=4, method="predict_proba")[:, 1]
        out[name] = {"n": int(known.sum()), "positive": int(y.sum()), "auc": auc(y, p)}
    return out


def _per_member(seen: Choices, shown: np.ndarray) -> pd.DataFrame:
    kind = seen.positions["kind"].to_numpy(dtype=object)[seen.pairs.position]
    wage = seen.positions[["wage_min", "wage_max"]].to_numpy(dtype=float).mean(axis=1)[seen.pairs.position]
    table = pd.DataFrame(
        {"member": seen.pairs.member, "open": (kind != "PUBLIC_WELFARE").astype(float), "wage": wage, "shown": shown}
    )
    first = table[table["shown"]].groupby("member")
    return pd.DataFrame(
        {
            "non_welfare": first["open"].mean(),
            "available": table.groupby("member")["open"].mean(),
            "mean_wage": first["wage"].mean(),
        }
    )
