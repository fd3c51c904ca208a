"""``onemonth bench rank`` and ``bench worklist``: a real server on this machine, a generated record, one client, a naive endpoint beside it."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from fastapi import FastAPI

from matching import ranking
from matching.pairing import Pairing
from matching.scoring import Scorer
from matching.splicing import taken as some_posts
from service.bench_server import Server, serving
from service.cli_console import Json, out, progress, refusals, say
from service.cli_demo import AS_OF
from service.clock import stamp
from service.index import Index
from service.settings import Settings

NUMBERS = [
    "wage_min",
    "wage_max",
    "hours_week",
    "openings_left",
    "lift_kg",
    "longitude_x",
    "latitude_x",
    "longitude_y",
    "latitude_y",
    "km",
]
"""What the naive endpoint's model looks at."""


def rank(
    positions: Annotated[int, typer.Option(min=100, help="Open posts in the record.")] = 20_000,
    members: Annotated[int, typer.Option(min=10, help="Members in the record.")] = 3_000,
    requests: Annotated[int, typer.Option(min=20, help="Requests timed.")] = 300,
    naive: Annotated[int, typer.Option(min=3, help="Requests of the naive endpoint timed.")] = 15,
    trained: Annotated[
        bool, typer.Option("--trained/--rule", help="Score with a trained ranker, or the written rule.")
    ] = True,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Rank one member's posts over HTTP, and through a naive endpoint in the same server."""
    with refusals(), progress() as step, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        step("generate and store a record", 0, 1)
        ids = record(home, members, positions, seed)
        if trained:
            put_in_charge(home, seed)
        step("generate and store a record", 1, 1)
        with serving("service.cli_bench_online:measured_app", home, "/api/v1/worklist?limit=1") as server:
            chosen = np.random.default_rng(seed).choice(ids, size=requests)
            paths = [f"/api/v1/members/{m}/ranking?limit=5" for m in chosen]
            figures = _figures(server.times(paths, step), server)
            slow = server.times([f"/naive/{m}" for m in chosen[:naive]], step)
            figures |= {
                "naive_p50_ms": _ms(slow, 50),
                "ratio_to_naive": float(np.median(slow) / (figures["p50_ms"] / 1e3)),
            }
            figures |= {"after_change_ms": _after_change(home, server, paths[:10])}
        figures |= {"simulated": True, "positions": positions, "members": members, **_in_process(home, chosen[:30])}
    say(as_json, figures, lambda: _show(figures))


def worklist(
    members: Annotated[int, typer.Option(min=100, help="Members in the record.")] = 30_000,
    requests: Annotated[int, typer.Option(min=20, help="Requests timed.")] = 200,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Open pages of the worklist over HTTP, filtered and not."""
    with refusals(), progress() as step, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        record(home, members, 1_000, seed)
        with serving("service.cli_bench_online:measured_app", home, "/api/v1/worklist?limit=1") as server:
            asked = ["", "?due=7", "?region=4401", "?idle=true&due=14"]
            times = server.times([f"/api/v1/worklist{asked[k % 4]}" for k in range(requests)], step)
            figures = {"simulated": True, "members": members, **_figures(times, server)}
    say(as_json, figures, lambda: _show(figures))


def record(home: Path, members: int, positions: int, seed: int) -> np.ndarray:
    """Store a generated record; return the members who seek work."""
    from models.simulation.province import province
    from service.wiring import open_office

    tables = province(members, positions, seed)
    with open_office(settings_of(home), day=AS_OF) as office:
        with office.store.write() as tx:
            for name, frame in tables.items():
                tx.insert(name, frame)
        return office.now().worklist["member_id"].to_numpy(dtype=object)


def put_in_charge(home: Path, seed: int) -> None:
    """Train on a simulated region and put the version in charge."""
    from models.evaluate import train_and_evaluate
    from models.registry import Registry
    from models.simulation import SCENARIOS, simulate_region
    from models.train import TrainConfig

    config = TrainConfig(random_state=seed, cutoff=AS_OF)
    learned, judged = train_and_evaluate(simulate_region(SCENARIOS["base"], seed).tables, config)
    registry, now = Registry(home / "models"), stamp()
    version = registry.save(learned, judged, made_by="bench", made_at=now)
    registry.promote(version, by="bench", at=now, override="simulated, for measuring speed")


def settings_of(home: Path) -> Settings:
    """Return the settings of a record that is made to be measured."""
    return Settings().model_copy(update={"home": home, "database_url": None})


def measured_app() -> FastAPI:
    """Return the application of the record in ``ONEMONTH_HOME`` with the naive endpoint beside it; what uvicorn starts."""
    from service import logs
    from service.app import create_app

    logs.configure("WARNING")
    app = create_app(Settings(), day=AS_OF)
    naive = FastAPI(openapi_url=None)
    naive.add_api_route("/{member_id}", _naive_endpoint(app.state.office.store), methods=["GET"])
    app.mount("/naive", naive)
    return app


def _naive_endpoint(store: Any) -> Callable[[str], Any]:
    kept: list[Naive] = []

    def naive(member_id: str) -> Any:
        """Answer with a member's best posts; the tables are read by the first request."""
        if not kept:
            kept.append(Naive(store.read("members"), store.read("positions", status="open")))
        return json.loads(kept[0].top(member_id).to_json(orient="records"))

    return naive


class Naive:
    """What is written first: the posts merged to the member, a mask a rule, and ``predict_proba`` over all of them."""

    def __init__(self, members: pd.DataFrame, posts: pd.DataFrame) -> None:
        from lightgbm import LGBMClassifier

        self.members, self.posts = members, posts
        pairs = _merged(members.head(50), posts.head(2_000))
        label = (pairs["wage_max"] / 1e5 - pairs["km"] / 5).rank(pct=True) > 0.8
        self.model = LGBMClassifier(n_estimators=200, verbose=-1).fit(pairs[NUMBERS], label)

    def top(self, member_id: str) -> pd.DataFrame:
        """Return the best five posts of a member; no reasons, nothing written down."""
        pairs = _merged(self.members[self.members["member_id"] == member_id], self.posts)
        limit = pairs["commute_limit_minutes"].astype(float).fillna(1e9)
        night = ~pairs["night"] | pairs["night_ok"].fillna(True).astype(bool)
        pairs = pairs.assign(p=self.model.predict_proba(pairs[NUMBERS])[:, 1])
        pairs = pairs[(8 + 4.33 * pairs["km"] <= limit) & night & (pairs["openings_left"] > 0)]
        return pairs.sort_values("p", ascending=False).head(5)[["position_id", "p", "km"]]


def _merged(members: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    pairs = members.merge(posts, how="cross")
    north = (pairs["latitude_x"] - pairs["latitude_y"]) * 111.2
    east = (pairs["longitude_x"] - pairs["longitude_y"]) * 102.0
    return pairs.assign(km=np.sqrt(north**2 + east**2))


def _after_change(home: Path, server: Server, paths: list[str]) -> float:
    """Return the median milliseconds of a request that follows a change of a post."""
    from service.wiring import open_store

    taken = []
    with open_store(settings_of(home)) as store:
        posts = store.read("positions", ["position_id"], status="open")["position_id"].head(len(paths))
        for path, post in zip(paths, posts, strict=True):
            with store.write() as tx:
                tx.update("positions", {"position_id": post}, {"wage_min": 200_000, "wage_max": 210_000})
            taken.append(server.times([path], before=0)[0])
    return _ms(np.array(taken), 50)


def _in_process(home: Path, ids: np.ndarray) -> dict[str, float]:
    """Time 300 given posts without a server, and say how much of the full ranking's top 5 the list keeps."""
    from service.wiring import open_office

    with open_office(settings_of(home), day=AS_OF) as office:
        index, scorer = office.now(), office.scorer()
        rng = np.random.default_rng(0)
        some = np.sort(rng.choice(len(index.positions), size=min(300, len(index.positions)), replace=False))
        few = Pairing(index.pairing.members, some_posts(index.pairing.positions, some))
        times, kept = [], []
        for member in ids:
            i = index.member_row(member)
            began = time.perf_counter()
            ranking.rank(few, i, scorer, 20.0, index.policy)
            times.append(time.perf_counter() - began)
            full, short = (_top(index, i, scorer, every) for every in (True, False))
            kept += [len(short & full) / len(full)] if full else []
    return {
        "given_300_p50_ms": _ms(np.array(times), 50),
        "given_300_p99_ms": _ms(np.array(times), 99),
        "recall_top5": float(np.mean(kept)),
    }


def _top(index: Index, i: int, scorer: Scorer, every: bool) -> set[int]:
    found = ranking.rank(index.pairing, i, scorer, 20.0, index.policy, every=every)
    return {x.position for x in found.items}


def _figures(times: np.ndarray, server: Server) -> dict[str, float]:
    return {
        "p50_ms": _ms(times, 50), "p95_ms": _ms(times, 95), "p99_ms": _ms(times, 99), "requests_per_second": float(len(times) / times.sum()),
        "cold_start_seconds": server.cold_seconds, "peak_rss_bytes": server.peak_bytes(),
    }  # fmt: skip


def _ms(times: np.ndarray, percentile: float) -> float:
    return float(np.percentile(times, percentile) * 1e3)


def _show(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        out.print(f"{name}: {value:,.2f}" if isinstance(value, float) else f"{name}: {value}", highlight=False)
