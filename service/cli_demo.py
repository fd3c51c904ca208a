"""``onemonth demo``: a simulated region as office files, through the same importer, to a trained ranker, a night and the page."""

import shlex
import shutil
import sys
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from matching.errors import NotReady
from service.cli_console import Json, Step, out, progress, refusals, say, show_import, show_night, table
from service.clock import local_now
from service.settings import Settings
from service.wiring import Office

AS_OF = date(2026, 6, 10)
"""The demonstration's today; fixed, so that the same seed shows the same region."""


def register(app: typer.Typer) -> None:
    """Add the demonstration to the command line."""
    app.command(epilog="Example: onemonth demo --no-serve; later: onemonth demo --reopen")(demo)


def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the page at the end.")] = True,
    reopen: Annotated[
        bool, typer.Option("--reopen", help="Serve the demonstration that is there, on its own day.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Show OneMonth at work on a simulated region: write files, import, train, evaluate, promote, plan a night, serve."""
    from service.wiring import open_office

    with refusals():
        base = Settings()
        settings = base.model_copy(update={"home": base.home / "demo", "database_url": None})
        if reopen:
            return _serve(settings)
        shutil.rmtree(settings.home, ignore_errors=True)
        with progress() as bar:
            expected = write_region(settings.home / "office_files", seed, bar)
        with open_office(settings, day=AS_OF) as office, progress() as bar:
            report = at_work(office, settings.home / "office_files", expected, seed, bar)
        out.print(f"\nThe demonstration stays in {settings.home}. To serve it again, on its own day, {AS_OF}:")
        out.print(f"  {reopening(base, sys.argv[0])}", highlight=False, markup=False)
        say(as_json, report, lambda: None)
        if serve:
            _serve(settings)


def reopening(base: Settings, program: str) -> str:
    """Return the command that serves the demonstration again; ``onemonth serve`` would show an office on today's date."""
    home = f"ONEMONTH_HOME={shlex.quote(str(base.home))} " if "home" in base.model_fields_set else ""
    return f"{home}{shlex.quote(program)} demo --reopen"


def _serve(settings: Settings) -> None:
    import uvicorn

    from service.app import app_of
    from service.wiring import open_office

    if not (settings.home / "onemonth.db").is_file():
        raise NotReady(f"no demonstration in {settings.home}; make one with `onemonth demo`")
    out.print(f"\nSIMULATED region, {AS_OF}. The page: http://{settings.host}:{settings.port}  (stop with Ctrl-C)")
    app = app_of(open_office(settings, day=AS_OF), everyone=True)  # generated people only
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning")


def write_region(folder: Path, seed: int, step: Step, *, days: int = 730) -> list[tuple[str, str, str]]:
    """Write the simulated region as an office has it; return the (table, key, column) of the bad rows put in on purpose."""
    from models.simulation import RegionConfig, simulate_region, with_bad_rows
    from service.exchange import export_folder

    step("simulate a region", 0, 1)
    region = simulate_region(RegionConfig(as_of=AS_OF, history_days=days), seed)
    step("simulate a region", 1, 1)
    frames, expected = with_bad_rows(region.tables, seed)
    big = {name: frame for name, frame in frames.items() if len(frame) > 20_000}
    small = {name: frame for name, frame in frames.items() if name not in big and len(frame)}
    step("write office files", 0, 2)
    export_folder(small, folder, fmt="xlsx", language="zh")
    step("write office files", 1, 2)
    export_folder(big, folder, fmt="csv", language="zh", encoding="gb18030")
    step("write office files", 2, 2)
    return expected


def at_work(
    office: Office, folder: Path, expected: list[tuple[str, str, str]], seed: int, step: Step
) -> dict[str, Any]:
    """Import, train, promote and plan a night, printing each; return the figures for a machine."""
    from models.registry import Registry
    from service.batch import night_figures, office_night
    from service.cli_models import show_evaluation, show_gates, train_on_record
    from service.exchange import import_paths
    from service.exchange.catalogue import column_of

    reports = import_paths(office.store, sorted(folder.iterdir()), actor="demo", progress=step)
    show_import(reports)
    refused = {(r.table, column_of(r.table, e["column"], {})) for r in reports for e in r.errors.to_dict("records")}
    missed = [bad for bad in expected if (bad[0], bad[2]) not in refused]
    out.print(f"{len(expected)} bad rows were put in on purpose, {len(expected) - len(missed)} of them refused by name")
    registry = Registry(office.settings.home / "models")
    made = train_on_record(
        office.store, registry, AS_OF, actor="demo", region_code=office.settings.region_code, seed=seed, step=step
    )
    show_evaluation(made["evaluation"])
    gates = registry.promote(made["version"], by="demo", at=local_now().isoformat())
    show_gates(made["version"], gates)
    began = perf_counter()
    report = office_night(office, actor="demo", seed=seed, progress=step)
    night = night_figures(report, perf_counter() - began)
    show_night(night)
    first = show_first_member(office)
    return {
        "files": [r.as_dict() for r in reports], "missed": missed, "version": made["version"], "evaluation": made["evaluation"],
        "night": night, "member": first,
    }  # fmt: skip


def show_first_member(office: Office) -> dict[str, Any]:
    """Print the most urgent member's ranked posts, as the page shows them."""
    from service.use_cases.rank import rank_member
    from service.use_cases.worklist import worklist

    for row in worklist(office):
        listing = rank_member(office, str(row["member_id"]), limit=5).as_dict()
        if listing["items"]:
            rows = [
                [
                    p["rank"],
                    p["position_id"],
                    p["title"],
                    p["kind"],
                    f"{p['p_placed']:.2f}",
                    " ".join(r["code"] for r in p["reasons"]),
                ]
                for p in listing["items"]
            ]
            table(
                f"{row['member_id']}, {row['days_left']} days left: posts ranked by {listing['model_version']}",
                ["", "post", "title", "kind", "starts in time", "for"],
                rows,
            )
            return listing
    return {}
