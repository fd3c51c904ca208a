"""A simulated caseworker who asks a server over HTTP: looks at the list, opens files, ranks, refers, records, and thinks between steps."""

import http.client
import json
import random
import time
from dataclasses import dataclass
from typing import Any

from service.security.sessions import COOKIE

MIX = {"worklist": 20, "file": 25, "ranking": 25, "refer": 8, "outcome": 7, "contact": 15}
"""Shares of a caseworker's steps in percent: an assumption, no office has been watched."""

GIVES_UP = 60.0
"""Seconds after which a caller takes the service for hung; counted as a failure."""

AGAIN = 0.2
"""Seconds before somebody who was sent away, and does not listen, asks again."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: which step, when, how long, how it was answered (0: not at all), and when to come back."""

    step: str
    at: float
    seconds: float
    status: int
    retry_after: int


class Caseworker:
    """One who works under a session of their own; draws are of their own seed."""

    def __init__(self, token: str, seed: int) -> None:
        self.calls: list[Call] = []
        self._headers = {"Cookie": f"{COOKIE}={token}", "Content-Type": "application/json"}
        self._rng = random.Random(seed)  # nosec B311: chance of a simulation
        self._client = http.client.HTTPConnection("127.0.0.1", timeout=GIVES_UP)
        self._list: list[dict[str, Any]] = []
        self._shown: list[tuple[str, str]] = []
        self._issued: list[str] = []

    def once(self, port: int) -> None:
        """Take one step on a server."""
        self._client = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVES_UP)
        self._step()

    def work(self, port: int, until: float, think: float) -> None:
        """Take steps on a server until a moment (monotonic seconds), thinking before each for a time of exponential law."""
        self._client = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVES_UP)
        while time.monotonic() + (wait := self._wait(think)) < until:
            time.sleep(wait)
            self._step()

    def _wait(self, think: float) -> float:
        wait = self._rng.expovariate(1.0 / think) if think else 0.0
        turned_away = bool(self.calls) and self.calls[-1].status not in (200, 201, 409)
        return max(wait, AGAIN) if turned_away else wait

    def _step(self) -> None:
        """Take the step drawn, or the one it needs first: nobody refers to what was not shown."""
        step = self._rng.choices(list(MIX), list(MIX.values()))[0]
        if step == "outcome" and not self._issued:
            step = "refer"
        if step == "refer" and not self._shown:
            step = "ranking"
        if not self._list:
            step = "worklist"
        getattr(self, f"_{step}")()

    def _worklist(self) -> None:
        found = self._ask("worklist", "GET", "/api/v1/worklist?limit=60")
        self._list = found.get("items") or self._list

    def _file(self) -> None:
        self._ask("file", "GET", f"/api/v1/households/{self._one()['household_id']}/file")

    def _ranking(self) -> None:
        member = self._one()["member_id"]
        found = self._ask("ranking", "GET", f"/api/v1/members/{member}/ranking?limit=5")
        self._shown = [(member, item["position_id"]) for item in found.get("items", ())] or self._shown

    def _refer(self) -> None:
        member, post = self._shown.pop(0)
        found = self._ask("refer", "POST", "/api/v1/referrals", {"member_id": member, "position_id": post})
        if "referral_id" in found:
            self._issued.append(found["referral_id"])

    def _outcome(self) -> None:
        body = {"to": "declined", "reason": "CARE"}
        self._ask("outcome", "POST", f"/api/v1/referrals/{self._issued.pop(0)}/transitions", body)

    def _contact(self) -> None:
        body = {"kind": "phone", "result": "reached"}
        self._ask("contact", "POST", f"/api/v1/households/{self._one()['household_id']}/contacts", body)

    def _one(self) -> dict[str, Any]:
        return self._rng.choice(self._list)

    def _ask(self, step: str, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Send one request and note it; returns what was answered, empty where it was not."""
        client = self._client
        began, status, again, found = time.monotonic(), 0, 0, b"{}"
        try:
            client.request(method, path, None if body is None else json.dumps(body), self._headers)
            answer = client.getresponse()
            status, again, found = answer.status, int(answer.headers.get("Retry-After", 0)), answer.read()
        except (OSError, http.client.HTTPException):
            status = 0
        client.close()  # the server ends connections nobody uses while a person thinks; the next step opens one
        self.calls.append(Call(step, began, time.monotonic() - began, status, again))
        out: dict[str, Any] = json.loads(found) if status in (200, 201) else {}
        return out
