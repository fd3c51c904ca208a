"""The analyst's commands on the version in charge: how it fares, whether officers' departures did better, what a shadow would say."""

from typing import Annotated, Any

import typer

from service.cli_console import AsOf, Json, day_of, out, refusals, say, table
from service.settings import Settings


def register(models_app: typer.Typer) -> None:
    """Add these commands to ``onemonth models``."""
    models_app.command("watch", epilog="Example: onemonth models watch --json")(watch)
    models_app.command("overrides", epilog="Example: onemonth models overrides")(overrides)
    models_app.command("shadow", epilog="Example: onemonth models shadow v0002, then onemonth models shadow --report")(
        shadow
    )


def watch(
    since: Annotated[
        str | None, typer.Option(help="Look back from this day, YYYY-MM-DD; from the promotion when left out.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show drift of inputs and of calibration since the promotion, by week, with alarms; metrics read the same figures."""
    from service.use_cases.watch import watch as ask
    from service.wiring import open_office

    begin = None if since is None else day_of(since)
    with refusals(), open_office(Settings(), day=day_of(as_of)) as office:
        found = ask(office, since=begin, fresh=True)
    say(as_json, found, lambda: _show_watch(found))


def overrides(as_of: AsOf = None, as_json: Json = False) -> None:
    """Show whether officers who departed from the list they were shown did better than the list, by reason, never by officer."""
    from service.use_cases.watch import overrides as ask
    from service.wiring import open_office

    with refusals(), open_office(Settings(), day=day_of(as_of)) as office:
        found = ask(office)
    say(as_json, found, lambda: _show_overrides(found))


def shadow(
    version: Annotated[str | None, typer.Argument(help="A version that shall score beside the one in charge.")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="No version runs in the shadow any more.")] = False,
    report: Annotated[bool, typer.Option("--report", help="Show what it would have shown differently.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who decides; kept in the history.")] = "office",
    as_json: Json = False,
) -> None:
    """Let a version score in the shadow of the one in charge, which alone answers; or report the differences."""
    from service.use_cases import model_life
    from service.wiring import open_office

    if version is None and not stop and not report:
        raise typer.BadParameter("name a version, or give --report or --stop")
    with refusals(), open_office(Settings()) as office:
        found = (
            model_life.shadow(office, version)
            if report
            else model_life.set_shadow(office, None if stop else version, by=by)
        )
    say(
        as_json,
        found,
        lambda: _show_shadow(found) if report else out.print(f"in the shadow: {found['shadow'] or 'none'}"),
    )


def _show_watch(found: dict[str, Any]) -> None:
    out.print(
        f"{found['version']} since {found['since']}: {found['referrals']} referrals, inputs against "
        f"{found['reference_referrals']} of the year before; {', '.join(found['notes']) or 'no remarks'}"
    )
    rows = [
        [w["week"], w["referrals"], ", ".join(m["feature"] for m in w["moved"]), *(_gap(w["horizons"].get(d)) for d in ("7", "14", "30"))]
        for w in found["weeks"]
    ]  # fmt: skip
    table("by week", ["week of", "referrals", "inputs moved", "gap 7 d", "gap 14 d", "gap 30 d"], rows)
    table("alarms", ["alarm", "figures"], [[a["code"], a["facts"]] for a in found["alarms"]])


def _show_overrides(found: dict[str, Any]) -> None:
    out.print(
        f"{found['referrals']} referrals by officers: {found['followed']['n']} followed the list, {found['departed']['n']} departed, "
        f"{found['not_shown']} without a list, {found['pending']} not settled. Departures against the list: {found['verdict']}"
    )
    rows = [[name, r["n"], _span(r.get("started")), _span(r.get("predicted")), _span(r.get("best_left")), _span(r.get("advantage"))]
            for name, r in [("followed", found["followed"]), ("departed", found["departed"]), *((r["reason"], r) for r in found["reasons"])]]  # fmt: skip
    table("share that started in the days left", ["", "n", "started", "stated", "best passed over", "advantage"], rows)


def _show_shadow(found: dict[str, Any]) -> None:
    out.print(
        f"{found['version']} beside {', '.join(found['beside']) or 'nothing'}: {found['lists']} lists, {found['failed']} failed, "
        f"{found['dropped']} let go; same first post {_span(found['same_first'])}, posts in common {_span(found['overlap'])}, "
        f"change of the chance {_span(found['change'])}"
    )
    rows = [
        [d["on"], d["lists"], _span(d["same_first"]), _span(d["overlap"]), _span(d["change"])] for d in found["days"]
    ]
    table("by day", ["day", "lists", "same first", "in common", "change"], rows)


def _gap(figures: dict[str, Any] | None) -> str:
    return "-" if not figures or not figures["n"] else _span(figures["gap"])


def _span(value: list[float | None] | None) -> str:
    if value is None or value[0] is None:
        return "-"
    low, high = value[1], value[2]
    return f"{value[0]:.3f}" + ("" if low is None or high is None else f" ({low:.3f} to {high:.3f})")
