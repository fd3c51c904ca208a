"""Files sent in: looked at, brought in by the office's own headers, told cell by cell, safe to repeat; and the record taken home."""

import io
import stat
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from matching.errors import BadInput, Conflict, NotFound
from service.api.guard import MAX_FILE_BYTES
from service.use_cases import uploads as files
from service.use_cases.record_files import table_file
from service.use_cases.refusals import KeyReused
from tests.service.security.conftest import Callers
from tests.trust.hostile import corpus

HEAD = ["家庭编号", "家庭档案号", "居住地", "认定日期", "民族", "低保情况"]
GOOD = ["H8", "F8", "440103001", "2026年10月1日", "汉", "享受中"]
BAD = ["H9", "F9", "440103001", "2026年13月1日", "汉", "也许"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def book(*rows, title="零就业家庭"):
    made = Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def brought(office, content, name="台账.xlsx", **how):
    return files.bring_in(office, files.send_in(office, name, content).upload_id, wait=True, **how)


def sheets(upload):
    assert upload.state == "done", upload.report
    return upload.report["sheets"]


def test_a_file_is_looked_at_without_a_word_being_written(office):
    sent, before = files.send_in(office, "台账.xlsx", book(HEAD, GOOD, BAD)), office.store.version()
    [seen] = files.look(office, sent.upload_id)
    assert (seen.table, seen.rows, seen.missing) == ("households", 2, ())
    assert dict(seen.columns)["认定日期"] == "recognised_on" and dict(seen.columns)["低保情况"] == ""
    assert seen.dropped == ("民族 [ethnicity: not kept]", "低保情况")
    assert [(row, column, found) for row, column, found, _ in seen.errors] == [(3, "认定日期", "2026年13月1日")]
    number, cells = seen.first[0]
    assert number == 2 and [(c.written, c.becomes) for c in cells][3:5] == [
        ("2026年10月1日", "2026-10-01"),
        ("•••", ""),
    ]
    assert office.store.version() == before


def test_what_a_preview_says_of_each_cell_is_what_the_import_refuses(office):
    sent = files.send_in(office, "台账.xlsx", book(HEAD, GOOD, BAD, [4.40103e17, *BAD[1:]]))
    [seen] = files.look(office, sent.upload_id)
    assert sheets(files.bring_in(office, sent.upload_id, wait=True))[0]["refused"] == 2
    told = files.refused(office, sent.upload_id)
    assert list(seen.errors) == list(told[["row", "column", "found", "expected"]].itertuples(index=False, name=None))
    assert set(told["file"]) == {"台账.xlsx"}


def test_a_file_brought_in_twice_doubles_nothing_and_is_gone_from_the_disk(office):
    first = brought(office, book(HEAD, GOOD))
    assert [(s["added"], s["refused"]) for s in sheets(first)] == [(1, 0)]
    assert not list((office.settings.home / "uploads").rglob("*.xlsx"))
    with pytest.raises(NotFound):
        files.bring_in(office, first.upload_id)
    again = brought(office, book(HEAD, GOOD))
    assert [(s["added"], s["changed"], s["unchanged"]) for s in sheets(again)] == [(0, 0, 1)]


def test_an_office_s_headers_are_remembered_for_its_next_file_and_only_for_its_own(office):
    files.remember(office, "households", {"低保情况": "dibao_status", "家庭档案号": ""})
    sent = files.send_in(office, "台账.xlsx", book(HEAD, GOOD))
    [seen] = files.look(office, sent.upload_id)
    assert dict(seen.columns)["低保情况"] == "dibao_status" and seen.missing == ("file_no",)
    files.remember(office, "households", {"家庭档案号": None})
    [seen] = files.look(office, sent.upload_id)
    assert seen.missing == () and files.mappings_of(office) == {"households": {"低保情况": "dibao_status"}}
    assert files.mappings_of(replace(office, regions=("440103",))) == {}
    files.bring_in(office, sent.upload_id, wait=True)
    assert office.store.read("households", household_id="H8")["dibao_status"].item() == "receiving"
    with pytest.raises(BadInput):
        files.remember(office, "households", {"低保情况": "no_such_column"})


def test_the_table_may_be_named_where_headers_leave_it_open(office):
    content = book(["单位编号", "单位名称", "单位所在地"], ["E7", "面馆", "440103001"], title="表1")
    assert sheets(brought(office, content, table="employers"))[0]["table"] == "employers"
    with pytest.raises(BadInput):
        files.look(office, files.send_in(office, "a.xlsx", content).upload_id, "no_such_table")


@pytest.mark.parametrize(
    ("content", "said"), [(b"no workbook", "expected .xlsx"), (book(["甲", "乙"], [1, 2]), "expected the headers")]
)
def test_a_file_that_cannot_be_used_fails_with_a_word_and_stores_nothing(office, content, said):
    upload = brought(office, content)
    assert upload.state == "failed" and said in upload.report["error"]
    assert len(office.store.read("households")) == 4


def test_the_same_identifier_keeps_one_file_and_refuses_another(office):
    first = files.send_in(office, "a.csv", b"x,y", upload_id="U1")
    assert files.send_in(office, "a.csv", b"x,y", upload_id="U1") == first
    with pytest.raises(KeyReused):
        files.send_in(office, "a.csv", b"x,z", upload_id="U1")
    for number in ("../x", "a/b", "..", "a b", "Ａ"):
        with pytest.raises(BadInput):
            files.send_in(office, "a.csv", b"x,y", upload_id=number)


@pytest.mark.parametrize(
    "name", ["../../../evil.csv", "C:\\x\\evil.csv", "员" * 300 + ".csv", "110101199003070038.csv", "a\x00b.csv"]
)
def test_a_file_s_name_leads_nowhere_and_tells_nobody(office, name):
    sent = files.send_in(office, name, b"x,y")
    [kept] = [p for p in (office.settings.home / "uploads").rglob("*") if p.is_file()]
    assert kept.parent.parent == office.settings.home / "uploads" and kept.name == sent.name
    assert "19900307" not in sent.name and stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_file_nobody_brought_in_is_swept_away_after_a_day(office, monkeypatch):
    old = files.send_in(office, "a.csv", b"x,y")
    monkeypatch.setattr(files, "KEPT_HOURS", -1)
    files.send_in(office, "b.csv", b"x,y")
    with pytest.raises(NotFound, match="no longer here"):
        files.look(office, old.upload_id)


def test_a_discarded_file_leaves_no_trace_on_the_disk(office):
    sent = files.send_in(office, "a.csv", b"x,y")
    files.discard(office, sent.upload_id)
    assert not list((office.settings.home / "uploads").rglob("a.csv"))
    with pytest.raises(NotFound):
        files.upload(office, sent.upload_id)


def test_while_it_is_brought_in_a_file_is_neither_started_nor_discarded(office, monkeypatch):
    sent = files.send_in(office, "台账.xlsx", book(HEAD, GOOD))
    monkeypatch.setitem(files._progress, sent.upload_id, ("import rows", 3.0, 10.0))
    seen = files.upload(office, sent.upload_id)
    assert (seen.step, seen.done, seen.total) == ("import rows", 3.0, 10.0)
    for step in (files.bring_in, files.discard):
        with pytest.raises(Conflict):
            step(office, sent.upload_id)


def test_a_role_brings_only_its_tables_and_a_region_only_its_people(office):
    officer = replace(office, role="post_officer")
    refused = brought(officer, book(HEAD, GOOD))
    assert refused.state == "failed" and "may not be brought in" in refused.report["error"]
    here = replace(office, role="caseworker", regions=("440104",), store=office.store.limited_to(("440104",)))
    assert [(s["added"], s["refused"]) for s in sheets(brought(here, book(HEAD, GOOD)))] == [(0, 1)]
    entry = office.store.read("journal", action="file.imported").iloc[-1]
    assert (entry["actor"], entry["role"]) == (here.actor, "caseworker")


def test_the_page_takes_a_workbook_from_the_look_to_the_list_of_what_was_refused(client, office):
    sent = client.post("/imports", files={"file": ("台账.xlsx", book(HEAD, GOOD, BAD))}, follow_redirects=False)
    address = sent.headers["location"]
    seen = client.get(address).text
    assert "第 3 行，认定日期" in seen and "民族，不得保存" in seen and "汉" not in seen
    form = {"table": "households", "header": HEAD, "column": ["auto"] * 5 + ["dibao_status"]}
    assert "低保状态" in client.post(f"{address}/mapping", data=form).text
    client.post(f"{address}/run")
    done = finished(client, address)
    assert "以下之一" in done and "日期，如" in done and "博士" not in done
    sheet = load_workbook(io.BytesIO(client.get(f"{address}/refused?format=xlsx").content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("文件", "行", "栏目", "单元格内容", "应为")
    assert {(r[0], r[1], r[2], r[3]) for r in rows[1:]} == {
        ("台账.xlsx", 3, "认定日期", "2026年13月1日"),
        ("台账.xlsx", 3, "低保情况", "也许"),
    }


def finished(client, address):
    for _ in range(200):
        text = client.get(address).text
        if "data-progress" not in text:
            return text
        time.sleep(0.05)
    raise AssertionError("the file is still being brought in")


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"files": {"file": ("a.exe", b"MZ")}}, 415, "只收 .xlsx"), ({"files": {"file": ("a.xlsx", b"")}}, 422, "没有收到内容"),
        ({"content": b"{}", "headers": {"content-type": "application/json"}}, 415, "只收表格文件"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=b", "content-length": str(MAX_FILE_BYTES + 1)}}, 413, "最多 50 兆"),
    ],
)  # fmt: skip
def test_what_is_too_large_or_no_table_is_refused_in_clear_words(client, sent, status, said):
    answer = client.post("/imports", **sent)
    assert answer.status_code == status and said in answer.text


def test_another_system_sends_looks_brings_in_and_asks_what_was_refused(client):
    address, body = "/api/v1/imports/U42", book(HEAD, GOOD, BAD)
    put = {"content": body, "params": {"name": "台账.xlsx"}, "headers": {"content-type": XLSX}}
    first = client.put(f"{address}/file", **put)
    assert (first.status_code, first.json()["state"]) == (200, "waiting")
    assert client.put(f"{address}/file", **put).json() == first.json()
    assert client.put(f"{address}/file", **{**put, "content": body + b"x"}).status_code == 409
    assert client.put(f"{address}/file", **{**put, "headers": {"content-type": "application/json"}}).status_code == 415
    big = {**put["headers"], "content-length": str(MAX_FILE_BYTES + 1)}
    assert client.put(f"{address}/file", **{**put, "headers": big}).status_code == 413
    assert client.get(f"{address}/preview").json()["items"][0]["rows"] == 2
    run = client.post(f"{address}/run", json={"mapping": {"households": {"低保情况": "dibao_status"}}})
    assert run.status_code == 202
    for _ in range(200):
        found = client.get(address).json()
        if found["state"] != "running":
            break
        time.sleep(0.05)
    assert (found["state"], found["sheets"][0]["added"], found["sheets"][0]["refused"]) == ("done", 1, 1)
    page = client.get(f"{address}/refused", params={"limit": 1}).json()
    rest = client.get(f"{address}/refused", params={"limit": 1, "after": page["next"]}).json()
    assert len(page["items"]) == len(rest["items"]) == 1 and rest["next"] is None
    assert [f["upload_id"] for f in client.get("/api/v1/imports").json()["items"]] == ["U42"]


def test_one_office_does_not_see_the_files_of_another(office):
    callers = Callers(office)
    here, elsewhere = callers.client("caseworker", ("440103",)), callers.client("caseworker", ("440183",))
    address = here.post("/imports", files={"file": ("a.csv", b"x,y\n1,2\n")}, follow_redirects=False).headers[
        "location"
    ]
    assert here.get(address).status_code == 200 and elsewhere.get(address).status_code == 404
    assert (
        "a.csv" not in elsewhere.get("/imports").text and "a.csv" in callers.client("supervisor").get("/imports").text
    )


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_taken_home_has_no_restricted_column_and_reads_back_the_same(office, form):
    before = office.store.read("members")
    name, content = table_file(office, "members", form, "zh")
    assert not {"性别", "出生年月", "困难类别", "残疾等级"} & set(head_of(form, content))
    [sheet] = sheets(brought(office, content, name=name))
    assert (sheet["unchanged"], sheet["refused"]) == (len(before), 0)
    pd.testing.assert_frame_equal(office.store.read("members"), before)
    assert len(office.store.read("journal", action="record.exported")) == 1


def head_of(form, content):
    if form == "csv":
        return content.decode("utf-8-sig").splitlines()[0].split(",")
    return next(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


def test_people_of_other_regions_are_in_no_file_taken_home(office):
    here = replace(office, role="caseworker", regions=("440104",), store=office.store.limited_to(("440104",)))
    text = table_file(here, "members", "csv", "en")[1].decode("utf-8-sig")
    assert "M4" in text and "M1" not in text
    with pytest.raises(BadInput):
        table_file(replace(office, role="post_officer"), "members", "csv", "zh")


PROBLEM = "application/problem+json"
MEDIA = {".xlsx": XLSX, ".csv": "text/csv", ".parquet": "application/vnd.apache.parquet"}
HOSTILE = (
    "bombs: entries that overlap, 4 GB", "entities: a file of this machine", "references: a cell twice", "pieces: cut at 50%",
    "compound_files: with a password, named .xlsx", "encodings: one row in UTF-8, one in GB18030", "encodings: bytes that are no text",
    "damaged_columns: a footer of noise", "nothing: no byte", "wrong_names: a program named .xlsx", "formulas_in_workbooks: #N/A as a name",
)  # fmt: skip


def test_hostile_files_over_http_end_in_a_problem_or_a_report_and_leave_the_record_whole(client, office, tmp_path):
    before, found, files_of = office.store.read("employers"), {}, corpus()
    for k, name in enumerate(HOSTILE):
        hostile, address = files_of[name], f"/api/v1/imports/X{k}"
        path = tmp_path / f"{k}{Path(hostile.file).suffix}"
        hostile.write(path)
        headers = {"content-type": MEDIA[path.suffix]}
        answers = [
            client.put(f"{address}/file", content=path.read_bytes(), params={"name": hostile.file}, headers=headers)
        ]
        if answers[0].status_code == 200:
            answers += [client.get(f"{address}/preview"), client.post(f"{address}/run", json={})]
            answers.append(ended(client, address))
        assert all(
            a.status_code < 400 or (a.status_code < 500 and a.headers["content-type"] == PROBLEM) for a in answers
        ), name
        found[name] = answers[-1].json().get("state", "refused")
    assert found == dict.fromkeys(HOSTILE, "failed") | {HOSTILE[8]: "refused", HOSTILE[10]: "done"}
    assert set(office.store.read("employers")["employer_id"]) == {*before["employer_id"], "Z1"}
    assert not [p for p in (office.settings.home / "uploads").rglob("*") if p.is_file() and "X10" in str(p)]


def ended(client, address):
    for _ in range(400):
        answer = client.get(address)
        if answer.json()["state"] != "running":
            return answer
        time.sleep(0.05)
    raise AssertionError("the file is still being brought in")
