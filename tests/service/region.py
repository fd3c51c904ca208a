"""A small region made by hand: four households, six members, nine posts, on one day."""

from datetime import date
from functools import cache

import pandas as pd

from matching.tables import TABLES, check

DAY = date(2026, 11, 2)

SHAMIAN = {"region_code": "440103001", "longitude": 113.244, "latitude": 23.108}
HONGQIAO = {"region_code": "440104001", "longitude": 113.262, "latitude": 23.138}
FAR = {"region_code": "440183001", "longitude": 113.83, "latitude": 23.29}

REGIONS = [
    ("440000", "广东省", "Guangdong", None, "province"),
    ("440100", "广州市", "Guangzhou", "440000", "city"),
    ("440103", "荔湾区", "Liwan", "440100", "district"),
    ("440104", "越秀区", "Yuexiu", "440100", "district"),
    ("440183", "增城区", "Zengcheng", "440100", "district"),
    ("440103001", "沙面街道", "Shamian", "440103", "street"),
    ("440104001", "洪桥街道", "Hongqiao", "440104", "street"),
    ("440183001", "荔城街道", "Licheng", "440183", "street"),
]

HOUSEHOLDS = [
    {
        "household_id": f"H{n}",
        "file_no": f"荔湾-{n:03d}",
        "region_code": region,
        "recognised_on": recognised,
        "status": "in_service",
    }
    for n, region, recognised in (
        (1, "440103001", "2026-10-01"),
        (2, "440103001", "2026-10-01"),
        (3, "440104001", "2026-09-28"),
        (4, "440104001", "2026-10-01"),
    )
]

PROMISES = [
    {"promise_id": f"C{n}", "household_id": f"H{n}", "started_on": started, "due_on": due}
    for n, started, due in (
        (1, "2026-10-06", "2026-11-06"), (2, "2026-10-14", "2026-11-14"), (3, "2026-09-30", "2026-10-30"), (4, "2026-10-26", "2026-11-26"),
    )
]  # fmt: skip

_SEEKS = {
    "willing": True,
    "registered_on": "2026-09-20",
    "flexibility_declared": True,
    "education": "junior",
    "sex": "F",
}

MEMBERS = [
    {**_SEEKS, **SHAMIAN, "member_id": "M1", "household_id": "H1", "relation": "head", "birth_month": "1984-05", "commute_limit_minutes": 60,
     "wage_floor": 230000, "night_ok": False, "wanted_occupations": "40802", "experience": {"40802": 30}, "categories": "zero_employment"},
    {**_SEEKS, **SHAMIAN, "member_id": "M2", "household_id": "H1", "relation": "spouse", "sex": "M", "birth_month": "1980-02",
     "commute_limit_minutes": 45, "functional_limits": "no_heavy_lift", "categories": "zero_employment", "night_ok": True},
    {**_SEEKS, **SHAMIAN, "member_id": "M3", "household_id": "H2", "relation": "head", "birth_month": "1990-11", "reachable": "unsure",
     "education": "senior_or_vocational", "categories": "zero_employment"},
    {**_SEEKS, **HONGQIAO, "member_id": "M4", "household_id": "H3", "relation": "head", "birth_month": "1975-07", "sex": "M",
     "commute_limit_minutes": 90, "night_ok": True, "categories": "zero_employment;older"},
    {**_SEEKS, **HONGQIAO, "member_id": "M5", "household_id": "H3", "relation": "child", "birth_month": "2004-01", "willing": False},
    {**_SEEKS, **HONGQIAO, "member_id": "M6", "household_id": "H4", "relation": "head", "birth_month": "1988-09", "commute_limit_minutes": 12,
     "education": "college", "categories": "carer"},
]  # fmt: skip

_POST = {
    "employer_id": "E1", "kind": "EMPLOYER", "openings_total": 2, "openings_left": 2, "wage_min": 260000, "wage_max": 320000,
    "insured": "medical;pension;unemployment;work_injury", "contract_months": 12, "shift_start": 510, "shift_end": 1050,
    "last_confirmed_on": "2026-10-31", "verified_on": "2026-10-20", "posted_on": "2026-10-20", "review_state": "verified",
}  # fmt: skip

POSITIONS = [
    {**_POST, **SHAMIAN, "position_id": "P1", "employer_id": "E2", "kind": "PUBLIC_WELFARE", "pw_subtype": "cleaning", "title": "街道保洁员",
     "occupation_code": "40802", "openings_total": 1, "openings_left": 1, "wage_min": 250000, "wage_max": 250000},
    {**_POST, **HONGQIAO, "position_id": "P2", "title": "超市理货员", "occupation_code": "40102", "required_skills": {"physical_stamina": 50}},
    {**_POST, **SHAMIAN, "position_id": "P3", "title": "酒店夜班客房服务员", "occupation_code": "40301", "night": True},
    {**_POST, **SHAMIAN, "position_id": "P4", "title": "仓库搬运工", "occupation_code": "40202", "lift_kg": 30.0, "standing": True},
    {**_POST, **HONGQIAO, "position_id": "P5", "kind": "TRAINEE", "title": "社区助理见习", "occupation_code": "30101", "training_provided": True},
    {**_POST, **SHAMIAN, "position_id": "P6", "title": "已停招的收银员", "occupation_code": "40102", "status": "closed"},
    {**_POST, **SHAMIAN, "position_id": "P7", "title": "复核中的客服", "occupation_code": "40401", "review_state": "quarantined"},
    {**_POST, **FAR, "position_id": "P8", "title": "工厂包装工", "occupation_code": "61801", "openings_total": 20, "openings_left": 20},
    {**_POST, **HONGQIAO, "position_id": "P9", "title": "电工", "occupation_code": "62501", "required_certificates": "electrician@5"},
]  # fmt: skip

EMPLOYERS = [
    {"employer_id": "E1", "name": "示例商贸公司", "region_code": "440103001"},
    {"employer_id": "E2", "name": "示例街道办事处", "region_code": "440103001", "type": "government"},
]

ASSESSMENTS = [
    {"member_id": member, "assessed_on": "2026-10-10", "dimension": "physical_stamina", "score": score, "mode": "test"}
    for member, score in (("M1", 62), ("M2", 35))
]


def tables(prefix: str = "") -> dict[str, pd.DataFrame]:
    """Return the region as canonical frames; ``prefix`` goes before every identifier of people and posts."""
    return {name: frame.copy() for name, frame in _checked(prefix).items()}


@cache
def _checked(prefix: str) -> dict[str, pd.DataFrame]:
    rows = {
        "regions": [dict(zip(("region_code", "name_zh", "name_en", "parent_code", "level"), r, strict=True)) for r in REGIONS],
        "households": HOUSEHOLDS, "members": MEMBERS, "assessments": ASSESSMENTS, "employers": EMPLOYERS, "positions": POSITIONS,
        "promises": PROMISES,
    }  # fmt: skip
    frames = {name: pd.DataFrame(table) for name, table in rows.items()}
    for frame in frames.values():
        for column in {"household_id", "member_id", "position_id", "promise_id"} & set(frame.columns):
            frame[column] = prefix + frame[column]
    return {name: check(TABLES[name], frame).require() for name, frame in frames.items()}
