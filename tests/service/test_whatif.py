"""What-if by the interface and the command line: an answer for the caller's regions, a record left as it was."""

import json

from typer.testing import CliRunner

from service.cli import app
from tests.service.region import DAY


def test_holding_posts_moves_members_and_leaves_the_record_alone(client, office):
    before = office.store.version()
    answer = client.post("/api/v1/whatif", json={"hold": ["P1", "P2"]})
    found = answer.json()
    assert answer.status_code == 200 and found["losing"] >= 1
    assert found["promises_kept_after"] < found["promises_kept_before"]
    assert {m["member_id"] for m in found["members"]} <= {"M1", "M2", "M3", "M4", "M6"}
    assert office.store.version() == before and len(office.store.read("referrals")) == 0


def test_an_unknown_post_and_an_unknown_key_are_named(client):
    assert "P99" in client.post("/api/v1/whatif", json={"hold": ["P99"]}).json()["detail"]
    assert client.post("/api/v1/whatif", json={"policy": {"night.luck": 3}}).status_code in (400, 404, 422)
    assert client.post("/api/v1/whatif", json={"wishes": 3}).status_code == 422


def test_the_command_line_answers_for_machines(office, monkeypatch):
    monkeypatch.setenv("ONEMONTH_HOME", str(office.settings.home))
    asked = [
        "whatif",
        "--openings",
        "P2=3",
        "--policy",
        "night.max_open_referrals=2",
        "--as-of",
        DAY.isoformat(),
        "--json",
    ]
    answer = CliRunner().invoke(app, asked)
    found = json.loads(answer.stdout.splitlines()[-1])
    assert answer.exit_code == 0 and found["supposed"]["openings"] == {"P2": 3}
    assert {"gaining", "losing", "members", "households", "promises_kept_before", "promises_kept_after"} <= set(found)
    assert CliRunner().invoke(app, ["whatif", "--openings", "P2"]).exit_code == 1
