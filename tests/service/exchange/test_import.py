"""An office's files: read as they are, refused by name, never half-stored."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from matching.errors import BadInput
from matching.tables import TABLES
from service.exchange import export_folder, import_file, import_paths
from service.exchange.catalogue import exchanged, header_index, header_names, tidy, words
from service.settings import Settings
from service.storage import Store
from tests.matching.people import household, member, position, table

HOMES = [
    ["家庭编号", "家庭档案号", "居住地区划代码", "认定日期", "低保状态"],
    ["H1", "F1", "440103", "2026年5月25日", "享受中"],
]
PEOPLE = [
    ["成员编号", "家庭编号", "与户主关系", "出生年月", "性别", "文化程度", "就业意愿", "求职登记日期", "居住地区划代码", "最低可接受工资(元)", "工作经历(职业:月数)"],
    ["M1", "H1", "户主", "1980年5月", "女", "初中", "是", date(2026, 5, 20), "440103", 2500, "61804：24；40201：6"],
]  # fmt: skip


@pytest.fixture
def store(database_url, tmp_path):
    opened = Store.open(Settings(home=tmp_path, database_url=database_url))
    yield opened
    opened.close()


@pytest.fixture
def lone(tmp_path):
    opened = Store.open(Settings(home=tmp_path / "lone"))
    yield opened
    opened.close()


def workbook(path: Path, **sheets) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def bring(store, path):
    return import_paths(store, [path], actor="officer")


def test_a_chinese_workbook_of_two_sheets_goes_in_whatever_their_order(store, tmp_path):
    reports = bring(store, workbook(tmp_path / "台账.xlsx", 家庭成员=PEOPLE, 零就业家庭=HOMES))
    assert [(r.table, r.added, r.refused) for r in reports] == [("households", 1, 0), ("members", 1, 0)]
    row = store.read("members").iloc[0]
    assert (row["relation"], row["education"], row["sex"], row["willing"]) == ("head", "junior", "F", True)
    assert (row["wage_floor"], row["birth_month"], row["experience"]) == (250_000, "1980-05", "40201:6;61804:24")
    assert store.read("households")["dibao_status"].tolist() == ["receiving"]


def test_importing_again_changes_nothing_and_says_so(store, tmp_path):
    path = workbook(tmp_path / "a.xlsx", 零就业家庭=HOMES, 家庭成员=PEOPLE)
    bring(store, path)
    again = bring(store, path)
    assert [(r.added, r.changed, r.unchanged) for r in again] == [(0, 0, 1), (0, 0, 1)]


def test_a_bad_row_is_named_as_the_spreadsheet_shows_it_and_good_rows_go_in(store, tmp_path):
    rows = [
        *PEOPLE,
        ["M2", "H1", "配偶", "1981年13月", "女", "博士后", "是", date(2026, 5, 20), "440103", -5, None],
        ["M3", "H9", "子女", "2004-01", "男", "大专", "否", "2026/5/21", "440103", None, None],
    ]
    reports = bring(store, workbook(tmp_path / "成员.xlsx", 零就业家庭=HOMES, 家庭成员=rows))
    told = reports[1].errors
    assert set(zip(told["row"], told["column"], strict=True)) == {
        (3, "出生年月"),
        (3, "文化程度"),
        (3, "最低可接受工资(元)"),
        (4, "家庭编号"),
    }
    assert told.loc[told["row"] == 4, "expected"].item().startswith("one that exists in households")
    assert told["found"].tolist().count("博士后") == 1 and set(told["file"]) == {"成员.xlsx"}
    assert store.read("members")["member_id"].tolist() == ["M1"] and reports[1].refused == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_every_encoding_offices_use(lone, tmp_path, encoding):
    path = tmp_path / "单位.csv"
    path.write_bytes("单位编号,单位名称,单位类型,单位所在地\r\nE1,龑記飯店𠮷,個體工商戶,440103\r\n".encode(encoding))
    [report] = bring(lone, path)
    assert report.added == 1 and lone.read("employers")[["name", "type"]].iloc[0].tolist() == [
        "龑記飯店𠮷",
        "individual_business",
    ]


def test_headers_may_be_traditional_full_width_starred_or_below_a_title(lone, tmp_path):
    rows = [["某街道零就业家庭台账"], [], ["＊家庭編號", "檔案號", "居住地", "认定日期 "], ["H1", "F1", 440103, 46167]]
    [report] = bring(lone, workbook(tmp_path / "x.xlsx", 零就业家庭=rows))
    row = lone.read("households").iloc[0]
    assert report.added == 1 and row["region_code"] == "440103" and row["recognised_on"] == pd.Timestamp("2026-05-25")


def test_columns_that_may_not_be_kept_are_dropped_and_named(lone, tmp_path):
    homes = [[*HOMES[0], "民族", "婚姻状况", "备用"], [*HOMES[1], "汉", "已婚", "x"]]
    [report] = bring(lone, workbook(tmp_path / "x.xlsx", 零就业家庭=homes))
    assert report.dropped == ("民族 [ethnicity: not kept]", "婚姻状况 [marriage: not kept]", "备用")
    assert "汉" not in lone.read("journal").to_csv()


def test_an_identifier_that_a_spreadsheet_turned_into_a_number_is_refused(lone, tmp_path):
    homes = [HOMES[0], [4.40305199001011e17, *HOMES[1][1:]], [1234.0, *HOMES[1][1:]]]
    [report] = bring(lone, workbook(tmp_path / "x.xlsx", 零就业家庭=homes))
    assert report.errors["row"].tolist() == [2] and lone.read("households")["household_id"].tolist() == ["1234"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.xlsx", b"not a workbook", "check what the file is"),
        ("a.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 600, "protected or in the old"),
        ("a.csv", b"\xff\xfe\x00\xd8\x81", "UTF-8 or GB18030"),
        ("a.csv", "甲,乙\r\n1,2\r\n".encode(), "expected the headers of a table"),
        ("a.csv", "家庭编号,家庭档案号\r\nH1,F1\r\n".encode(), "expected columns region_code"),
        ("a.csv", "家庭编号,户编号,家庭档案号,居住地\r\nH1,H1,F1,440103\r\n".encode(), "twice"),
        ("a.parquet", b"PAR1broken", "damaged"),
    ],
)
def test_a_file_that_cannot_be_used_gets_a_clear_word_and_stores_nothing(lone, tmp_path, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=told):
        bring(lone, path)
    assert lone.version() == 0


def test_a_workbook_that_unpacks_without_end_is_refused_before_it_is_opened(lone, tmp_path, monkeypatch):
    monkeypatch.setattr("service.exchange.measure.MAX_UNPACKED", 1_000_000)
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 5_000_000)
    with pytest.raises(BadInput, match="unpacks to"):
        bring(lone, path)


@pytest.mark.parametrize(
    ("name", "row", "column"),
    [
        ("positions", position(wage_min=400_000, wage_max=300_000), "最高工资(元)"),
        ("positions", position(openings_left=3), "剩余人数"),
        ("positions", position(employer_id="E9"), "单位编号"),
        ("members", member(flexibility_declared=False), "不挑不拣"),
    ],
)
def test_rows_that_contradict_themselves_or_the_record_are_refused(lone, tmp_path, name, row, column):
    with lone.write() as tx:
        tx.insert("households", table("households", household()))
        tx.insert("employers", table("employers", {"employer_id": "E1", "name": "厂", "region_code": "440103"}))
    [path] = export_folder({name: table(name, row)}, tmp_path / "out")
    [report] = bring(lone, path)
    assert report.added == 0 and report.errors["column"].tolist() == [column]


def test_a_clock_before_recognition_and_a_placement_before_its_referral_are_refused(lone, tmp_path):
    with lone.write() as tx:
        tx.insert("households", table("households", household()))
        tx.insert("members", table("members", member()))
        tx.insert("employers", table("employers", {"employer_id": "E1", "name": "厂", "region_code": "440103"}))
        tx.insert("positions", table("positions", position()))
        tx.insert(
            "referrals",
            table(
                "referrals",
                {"referral_id": "R1", "member_id": "M1", "position_id": "P1", "created_on": date(2026, 6, 9)},
            ),
        )
    frames = {
        "promises": table(
            "promises",
            {"promise_id": "X", "household_id": "H1", "started_on": date(2026, 5, 1), "due_on": date(2026, 6, 1)},
        ),
        "placements": table(
            "placements",
            {
                "placement_id": "L",
                "referral_id": "R1",
                "member_id": "M1",
                "kind": "EMPLOYER",
                "started_on": date(2026, 6, 1),
            },
        ),
    }
    reports = import_paths(lone, export_folder(frames, tmp_path / "out"), actor="officer")
    assert {(r.table, r.errors["column"].item()) for r in reports} == {
        ("promises", "起算日期"),
        ("placements", "上岗日期"),
    }


def test_text_that_a_spreadsheet_would_run_is_written_harmless_and_read_back(lone, tmp_path):
    frame = table("employers", {"employer_id": "E1", "name": "=HYPERLINK(1)", "region_code": "440103"})
    [path] = export_folder({"employers": frame}, tmp_path / "out", fmt="csv")
    assert ",'=HYPERLINK(1)," in path.read_text("utf-8-sig")
    bring(lone, path)
    assert lone.read("employers")["name"].tolist() == ["=HYPERLINK(1)"]


def _rows(spec):
    texts = st.text(st.characters(categories=["L", "N"], exclude_characters="'"), min_size=1, max_size=8)
    kinds = {
        "id": st.from_regex(r"[A-Z]{1,3}[0-9]{1,5}", fullmatch=True), "text": texts, "date": st.dates(date(1999, 1, 1), date(2090, 1, 1)),
        "month": st.just("1990-07"), "bool": st.booleans(), "float": st.integers(0, 50).map(float), "int": st.integers(0, 50), "money": st.integers(0, 50_000),
    }  # fmt: skip

    def cell(column):
        codes = sorted(column.codes) if column.codes else ["440103", "X1"]
        if column.kind == "code":
            base = st.sampled_from(codes)
        elif column.kind == "set":
            base = st.lists(st.sampled_from(codes), max_size=3, unique=True).map(";".join)
        elif column.kind == "map":
            base = st.dictionaries(st.sampled_from(codes), st.integers(0, 99), max_size=3)
        elif column.name in ("longitude", "latitude"):
            base = st.integers(80, 130).map(float) if column.name == "longitude" else st.integers(5, 50).map(float)
        elif column.name in ("disability_level", "rank_shown"):
            base = st.integers(1, 4)
        elif column.low is not None and column.high is not None and column.high <= 3:
            base = st.integers(int(column.low), int(column.high))
        else:
            base = kinds[column.kind]
        return st.none() | base if column.nullable else base

    return st.fixed_dictionaries({c.name: cell(c) for c in spec.columns})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.data(),
    st.sampled_from(exchanged()),
    st.sampled_from([("xlsx", "zh"), ("csv", "zh"), ("csv", "en"), ("parquet", "zh")]),
)
def test_what_is_exported_reads_back_the_same(tmp_path, data, name, form):
    from matching.tables import check
    from service.exchange.cells import decoded as _decoded
    from service.exchange.reader import read_sheets

    frame = check(TABLES[name], pd.DataFrame([data.draw(_rows(TABLES[name]))]).astype(object)).frame
    if not len(frame):
        return
    [path] = export_folder({name: frame}, tmp_path / f"{name}-{form[0]}-{form[1]}", fmt=form[0], language=form[1])
    [sheet] = read_sheets(path)
    assert sheet.table == name
    back = check(TABLES[name], _decoded(sheet, TABLES[name])).require().reset_index(drop=True)
    pd.testing.assert_frame_equal(back, frame.reset_index(drop=True))


@pytest.mark.parametrize("name", exchanged())
def test_every_column_has_a_chinese_header_and_no_header_means_two_columns(name):
    assert set(header_names(name)) == set(TABLES[name].names)
    every = [tidy(h) for names in header_names(name).values() for h in names]
    assert len(every) == len(set(every)) <= len(header_index(name))


@pytest.mark.parametrize("name", exchanged())
def test_every_closed_list_has_chinese_words_for_all_its_codes_and_no_others(name):
    for column in TABLES[name].columns:
        if column.codes is not None:
            known = words(name, column.name)
            assert set(known) >= set(column.codes), column.name
            assert len({tidy(w) for many in known.values() for w in many}) == sum(len(m) for m in known.values())


def test_fifty_thousand_rows_go_in_with_progress(lone, tmp_path):
    frame = pd.concat(
        [table("employers", {"employer_id": "E", "name": "厂", "region_code": "440103"})] * 50_000, ignore_index=True
    )
    frame["employer_id"] = [f"E{k}" for k in range(50_000)]
    [path] = export_folder({"employers": frame}, tmp_path / "out")
    told = []
    [report] = import_paths(lone, [path], actor="officer", progress=lambda *step: told.append(step))
    assert report.added == 50_000 and told[-1] == ("import rows", 50_000.0, 50_000.0)


@pytest.mark.parametrize("delay", [0.0, 0.15, 0.4, 0.8])
def test_a_kill_in_the_middle_leaves_all_of_a_file_or_nothing(tmp_path, delay):
    homes = pd.concat([table("households", household())] * 8_000, ignore_index=True)
    homes["household_id"] = [f"H{k}" for k in range(8_000)]
    [path] = export_folder({"households": homes}, tmp_path / "out", fmt="csv")
    home = tmp_path / "home"
    Store.open(Settings(home=home)).close()
    code = (
        "import sys; from pathlib import Path; from service.exchange import import_file; from service.settings import Settings; from service.storage import Store\n"
        "store = Store.open(Settings(home=Path(sys.argv[1]))); print('go', flush=True); import_file(store, Path(sys.argv[2]), actor='officer')"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(home), str(path)], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = Store.open(Settings(home=home))
    assert len(store.read("households")) in (0, 8_000)
    assert len(store.read("journal")) == (1 if len(store.read("households")) else 0)
    [report] = import_file(store, path, actor="officer")
    assert report.added + report.unchanged == 8_000
    store.close()


@pytest.mark.parametrize(("state", "refused"), [("paused", 0), ("running", 1)])
def test_a_list_of_promises_without_the_newer_columns_leaves_a_running_pause_as_it_is(lone, tmp_path, state, refused):
    clock = {"promise_id": "X", "household_id": "H1", "started_on": date(2026, 6, 1), "due_on": date(2026, 7, 1)}
    pause = {"state": "paused", "paused_since": date(2026, 6, 8), "pause_reason": "illness", "paused_days": 3}
    with lone.write() as tx:
        tx.insert("households", table("households", household()))
        tx.insert("promises", table("promises", {**clock, **pause}))
    before = lone.read("promises")
    names = [header_names("promises")[c][0] for c in (*clock, "state")]
    path = workbook(tmp_path / "old.xlsx", 承诺=[names, ["X", "H1", "2026-06-01", "2026-07-01", state]])
    [report] = import_file(lone, path, table="promises", actor="test")
    assert report.refused == refused and report.unchanged == 1 - refused
    pd.testing.assert_frame_equal(lone.read("promises"), before)


def test_a_column_a_file_does_not_have_says_nothing_of_people_the_record_knows(lone, tmp_path):
    with lone.write() as tx:
        tx.insert("households", table("households", household()))
        tx.insert("members", table("members", member(commute_limit_minutes=40, night_ok=True)))
    path = workbook(tmp_path / "people.xlsx", 成员=PEOPLE)
    [report] = import_file(lone, path, actor="test")
    now = lone.read("members").iloc[0]
    assert (report.changed, now["commute_limit_minutes"], now["night_ok"]) == (1, 40, True)
    assert now["experience"] == "40201:6;61804:24"


def test_a_table_the_role_may_not_bring_is_refused_before_anything_is_stored(lone, tmp_path):
    path = workbook(tmp_path / "a.xlsx", 零就业家庭=HOMES)
    with pytest.raises(BadInput, match="may not be brought in"):
        import_paths(lone, [path], actor="officer", allowed=("positions",))
    assert lone.version() == 0


def test_people_of_another_region_are_refused_row_by_row_and_nothing_of_theirs_is_told(lone, tmp_path):
    with lone.write() as tx:
        tx.insert("households", table("households", household(household_id="H7", region_code="440183")))
    rows = [HOMES[0], HOMES[1], ["H2", "F2", "440183", None, "无"], ["H7", "F7", "440103", None, "无"]]
    path = workbook(tmp_path / "a.xlsx", 零就业家庭=rows)
    [report] = import_paths(lone.limited_to(("440103",)), [path], actor="officer")
    told = {(r["row"], r["column"]): r["expected"] for r in report.errors.to_dict("records")}
    assert told == {
        (3, "居住地区划代码"): "a region you serve",
        (4, "家庭编号"): "an identifier that is free or of your own region",
    }
    assert report.added == 1 and lone.read("households", household_id="H7")["region_code"].item() == "440183"
    [people] = import_paths(
        lone.limited_to(("440103",)),
        [workbook(tmp_path / "b.xlsx", 家庭成员=[PEOPLE[0], ["M9", "H7", *PEOPLE[1][2:]]])],
        actor="officer",
    )
    assert people.errors["expected"].item().startswith("one that exists in households")


def test_a_wish_about_the_person_in_a_column_of_its_own_holds_the_post_back(lone, tmp_path):
    with lone.write() as tx:
        tx.insert("employers", table("employers", {"employer_id": "E1", "name": "厂", "region_code": "440103"}))
    [path] = export_folder(
        {"positions": table("positions", position(), position(position_id="P2"))}, tmp_path / "out", fmt="csv"
    )
    frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig").assign(性别要求=["男", "不限"], 备注="x")
    frame.to_csv(path, index=False, encoding="utf-8-sig")
    [report] = bring(lone, path)
    [again] = bring(lone, path)
    states = dict(lone.read("positions")[["position_id", "review_state"]].itertuples(index=False))
    assert states == {"P1": "quarantined", "P2": "verified"}
    assert (report.added, report.refused, again.unchanged) == (2, 0, 2)
    assert lone.read("positions")["duties"].fillna("").tolist() == ["性别要求：男", ""]
    assert "性别要求 [wish about the person: read with the duties]" in report.dropped
