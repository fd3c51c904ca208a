"""``onemonth bench``: measurements, each beside what it is compared with, in one run. Everything in them is simulated.

One command a function here; ``register`` names them. A new measurement is a function and a line in ``register``.
"""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from service import cli_bench_load, cli_bench_online
from service.cli_console import Json, out, progress, refusals, say

bench_app = typer.Typer(
    no_args_is_help=True, help="Measurements on simulated data, beside what they are compared with."
)


def register(app: typer.Typer) -> None:
    """Add the measurements to the command line."""
    app.add_typer(bench_app, name="bench")
    bench_app.command("rank", epilog="Example: onemonth bench rank --positions 100000 --json")(cli_bench_online.rank)
    bench_app.command("worklist", epilog="Example: onemonth bench worklist --members 30000 --json")(
        cli_bench_online.worklist
    )
    bench_app.command("load", epilog="Example: onemonth bench load --caseworkers 500 --minutes 2 --json")(
        cli_bench_load.load
    )
    bench_app.command("train", epilog="Example: onemonth bench train --referrals 100000 --json")(train)
    bench_app.command("nightly", epilog="Example: onemonth bench nightly --members 300000 --positions 100000 --json")(
        nightly
    )


def train(
    referrals: Annotated[int, typer.Option(min=2_000, help="Logged referrals to train on.")] = 2_000_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of both learners; all when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Train, evaluate and register a simulated record, then fit LightGBM alone on the same rows."""
    from models.simulation import RegionConfig
    from models.simulation.many import several_regions
    from models.train import TrainConfig
    from models.training_bench import bench_training
    from service.storage.store import TRAINING_TABLES

    with refusals(), progress() as step, tempfile.TemporaryDirectory() as folder:
        tables = several_regions(RegionConfig(), TRAINING_TABLES, referrals, seed, progress=step)
        config = TrainConfig(random_state=seed, n_threads=threads)
        found = bench_training(tables, Path(folder) / "models", config, step)
    say(as_json, found, lambda: _show_training(found))


def _show_training(found: dict[str, Any]) -> None:
    out.print(
        f"SIMULATED. {found['referrals']:,} referrals x {found['features']} features: trained, evaluated and registered in "
        f"{found['seconds']:.0f} s, {found['peak_rss_bytes'] / 2**30:.2f} GiB at most"
    )
    out.print(
        f"the ranker alone {found['fit_seconds']:.1f} s, LightGBM alone {found['lightgbm_seconds']:.1f} s: "
        f"{found['ratio_to_lightgbm']:.1f} times; the whole {found['whole_ratio']:.1f} times"
    )
    for name, seconds in found["steps"].items():
        out.print(f"  {name}: {seconds:.1f} s", highlight=False)


def nightly(
    members: Annotated[int, typer.Option(min=100, help="Members in search of work.")] = 30_000,
    positions: Annotated[int, typer.Option(min=100, help="Open posts.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    trained: Annotated[
        bool, typer.Option("--trained/--rule", help="Score with a trained ranker, or the written rule.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Plan a simulated province's night from record to record, beside a tenth of it and beside what would be written first."""
    from service.cli_bench_nightly import bench_nightly

    with refusals(), progress() as step:
        found = bench_nightly(members, positions, seed, trained, step)
    say(as_json, found, lambda: _show_nightly(found))


def _show_nightly(found: dict[str, Any]) -> None:
    out.print(
        f"SIMULATED. {found['members']:,} members x {found['positions']:,} posts in {found['shards']} shards: {found['seconds']:.0f} s, "
        f"{found['peak_rss_bytes'] / 2**30:.2f} GiB at most, load of the machine {found['load_average']:.1f}"
    )
    out.print(
        f"a tenth of it {found['tenth_seconds']:.0f} s: time grows with size to the power {found['growth_exponent']:.2f}; value "
        f"{found['objective']:.1f} of at most {found['bound']:.1f} (gap {found['gap']:.2%}); top 20 of the full ranking on the short lists {found['recall_top20']:.4f}"
    )
    out.print(
        f"3,000 x 1,000 written first {found['naive_seconds']:.1f} s, this night {found['same_night_seconds']:.1f} s: "
        f"{found['ratio_to_naive']:.1f} times; value with one referral each {found['objective_to_naive']:.4f} of its optimum; "
        f"in {found['shards_compared']} shards {found['shard_objective_share']:.4f} of the whole"
    )
