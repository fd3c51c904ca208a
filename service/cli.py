"""The command line, ``onemonth``. Exit codes: 0 done, 1 refused with a reason, 2 wrong call, 3 somebody else is running it."""

from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from service import (
    cli_accounts,
    cli_bench,
    cli_demo,
    cli_evidence,
    cli_models,
    cli_nights,
    cli_operations,
    cli_policy,
    cli_privacy,
    cli_replay,
    cli_watch,
    logs,
)
from service.cli_console import AsOf, Json, day_of, out, progress, refusals, say, show_import, show_night, table
from service.clock import local_now
from service.settings import Settings

app = typer.Typer(
    name="onemonth", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Matching service that helps public employment services keep a one-month promise.",
)  # fmt: skip
models_app = typer.Typer(no_args_is_help=True, help="Trained models: list, show, compare, promote, roll back.")
app.add_typer(models_app, name="models")


@app.command(epilog="Example: onemonth worklist --within 7 --json")
def worklist(
    within: Annotated[int | None, typer.Option(help="Only promises due within so many days.")] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List members by days left on their promise, most urgent first."""
    from service.use_cases.worklist import worklist as ask
    from service.wiring import open_office

    with refusals(), open_office(Settings(), day=day_of(as_of)) as office:
        items = [row for row in ask(office) if within is None or row["days_left"] <= within]
    rows = [
        [r["days_left"], r["due_on"], r["member_id"], r["file_no"], r["open_referrals"], r["path_stage"]]
        for r in items[:60]
    ]
    say(
        as_json,
        {"items": items},
        lambda: table(f"{len(items)} members", ["days left", "due", "member", "file", "open referrals", "stage"], rows),
    )


@app.command(epilog="Example: onemonth rank M000123 --top 5")
def rank(
    member: str,
    top: Annotated[int, typer.Option(help="How many posts.", min=1, max=100)] = 5,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Rank open posts for one member, with reasons."""
    from service.use_cases.rank import rank_member
    from service.wiring import open_office

    with refusals(), open_office(Settings(), day=day_of(as_of)) as office:
        listing = rank_member(office, member, limit=top).as_dict()
    rows = [
        [
            p["rank"],
            p["position_id"],
            p["title"],
            f"{p['p_placed']:.2f}",
            f"{p['p_stays']:.2f}",
            _codes(p["reasons"]),
            _codes(p["problems"]),
            _codes(p["unknowns"]),
        ]
        for p in listing["items"]
    ]
    head = f"{listing['eligible']} of {listing['considered']} posts fit; scored by {listing['model_version']}"
    say(
        as_json,
        listing,
        lambda: table(head, ["", "post", "title", "starts", "stays", "for", "against", "unknown"], rows),
    )


@app.command(epilog="Example: onemonth explain M000123 P004567 --json")
def explain(member: str, position: str, as_of: AsOf = None, as_json: Json = False) -> None:
    """Say why a post may or may not be proposed, what is unknown, and the smallest change that would open it."""
    from service.use_cases.explain import explain as ask
    from service.wiring import open_office

    with refusals(), open_office(Settings(), day=day_of(as_of)) as office:
        found = ask(office, member, position).as_dict()

    def human() -> None:
        """Print the verdict and the reasons for a person."""
        out.print(f"{found['verdict']}  {found['title']}")
        for name in ("reasons", "unknowns", "nearest_change", "fits", "problems"):
            for reason in found[name]:
                out.print(f"  {name}: {reason['code']} {reason['facts']}", highlight=False)

    say(as_json, found, human)


@app.command("import", epilog="Example: onemonth import households.xlsx members.csv")
def import_files(files: list[Path], as_json: Json = False) -> None:
    """Read workbooks, CSV and Parquet files into the record; good rows go in, every refused row is listed with its reason."""
    from service.exchange import import_paths
    from service.wiring import open_store

    with refusals(), open_store(Settings()) as store, progress() as bar:
        reports = import_paths(store, files, actor="office", progress=bar)
    refused = sum(r.refused for r in reports)
    say(as_json, {"files": [r.as_dict() for r in reports], "refused": refused}, lambda: show_import(reports))
    if refused:
        raise typer.Exit(1)


@app.command(epilog="Example: onemonth export ./out --format xlsx --language zh")
def export(
    folder: Path,
    fmt: Annotated[str, typer.Option("--format", help="xlsx, csv or parquet.")] = "xlsx",
    language: Annotated[str, typer.Option(help="Headers in zh or en.")] = "zh",
    as_json: Json = False,
) -> None:
    """Write the record as files an office can open; the journal and runs stay in the record."""
    from service.exchange import export_folder
    from service.storage import EXPORTED
    from service.wiring import open_store

    with refusals(), open_store(Settings()) as store:
        written = export_folder(store.snapshot(EXPORTED), folder, fmt=fmt, language=language)
    say(as_json, {"files": [str(p) for p in written]}, lambda: out.print(f"{len(written)} files in {folder}"))


@app.command(epilog="Example: onemonth serve --port 8000")
def serve(host: str | None = None, port: int | None = None) -> None:
    """Serve the page and the API until stopped; told to stop, it ends the requests in flight first."""
    import uvicorn

    from service.app import create_app
    from service.listening import GRACE_SECONDS, handed_socket

    with refusals():
        settings = Settings()
        logs.configure()
        app = create_app(settings)
        handed = handed_socket()
        listen = (host or settings.host) if handed is None else str(handed.getsockname()[0])
        app.state.gate.require_fit_to_listen(listen)
        config = uvicorn.Config(
            app, host=listen, port=port or settings.port, log_config=None, access_log=False, server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )  # fmt: skip
        with app.state.office:
            uvicorn.Server(config).run(sockets=None if handed is None else [handed])


@app.command(epilog="Example: onemonth nightly --as-of 2026-11-24 --json")
def nightly(
    as_of: AsOf = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    record: Annotated[
        Path | None,
        typer.Option(file_okay=False, writable=True, help="Folder the night is kept in, for `onemonth nights replay`."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Plan tonight under capacity and write the proposals; safe to start twice and after a kill."""
    from service.batch import night_figures, office_night
    from service.use_cases.clock_check import require_clock
    from service.wiring import open_office

    with refusals(), open_office(Settings(), day=day_of(as_of)) as office, progress() as bar:
        if as_of is None:
            require_clock(office.store, local_now())
        began = perf_counter()
        report = office_night(office, seed=seed, progress=bar, record_to=record)
        figures = night_figures(report, perf_counter() - began)
    say(as_json, figures, lambda: show_night(figures))


def _codes(reasons: list[dict[str, Any]]) -> str:
    return " ".join(r["code"].removeprefix("UNKNOWN_") for r in reasons)


cli_accounts.register(app)
cli_bench.register(app)
cli_demo.register(app)
cli_evidence.register(app)
cli_models.register(app, models_app)
cli_nights.register(app)
cli_operations.register(app)
cli_privacy.register(app)
cli_policy.register(app)
cli_watch.register(models_app)
cli_replay.register(app)


def main() -> None:
    """Run the command line."""
    logs.configure("WARNING")
    app()
