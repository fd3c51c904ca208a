"""The administrator's commands: accounts and keys. A password is typed, or made and printed once; it is never an argument."""

from typing import Annotated, Any

import typer

from service.cli_console import Json, out, refusals, say, table
from service.clock import stamp
from service.settings import Settings

Name = Annotated[str, typer.Argument(help="Name of the account.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password and print it once, instead of asking.")]
BY = "console"
"""Actor in the journal of what is done at the machine itself."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Accounts and keys: add, list, disable, reset, link, key, revoke.")
    app.add_typer(group, name="accounts")
    group.command(epilog="Example: onemonth accounts add li.liwan --role caseworker --region 440103")(add)
    group.command("list", epilog="Example: onemonth accounts list --json")(list_accounts)
    group.command(epilog="Example: onemonth accounts disable li.liwan")(disable)
    group.command(epilog="Example: onemonth accounts reset li.liwan --generate")(reset)
    group.command(epilog="Example: onemonth accounts link li.liwan 8f14e45f")(link)
    group.command(epilog="Example: onemonth accounts key hr-system --days 90")(key)
    group.command(epilog="Example: onemonth accounts revoke 1f2e3d4c5b6a")(revoke)


def add(
    name: Name,
    role: Annotated[
        str, typer.Option(help="caseworker, supervisor, analyst, auditor, post_officer, admin or service.")
    ],
    region: Annotated[list[str] | None, typer.Option(help="Region code; several may be given.")] = None,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="Every region of this record.")] = False,
    generate: Generate = False,
    as_json: Json = False,
) -> None:
    """Make an account. From the first one on, everybody has to log in."""
    from matching.vocabulary import Role
    from service.security.accounts import Accounts
    from service.wiring import open_store

    if everywhere == bool(region):
        raise typer.BadParameter("expected either --region or --everywhere")
    with refusals(), open_store(Settings()) as store:
        codes = None if everywhere else tuple(region or ())
        password = None if role == Role.SERVICE else _password(generate)
        made = Accounts(store).add(name, role, codes, by=BY, password=password)
    shown = {"name": made.name, "role": made.role, "regions": list(made.regions)}
    _tell(as_json, shown, password if generate else None, f"{made.name}: {made.role}")


def _password(generate: bool) -> str:
    from service.security.passwords import generated

    return generated() if generate else str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _tell(as_json: bool, shown: dict[str, Any], password: str | None, line: str) -> None:
    once = {} if password is None else {"password": password}

    def human() -> None:
        """Print the line and, this once, the password."""
        out.print(line)
        if password is not None:
            out.print(f"password, shown this once: {password}", highlight=False, markup=False)

    say(as_json, shown | once, human)


def list_accounts(as_json: Json = False) -> None:
    """List accounts, what they may see, and the keys that still open something."""
    from service.security.accounts import Accounts
    from service.security.keys import Keys
    from service.wiring import open_store

    with refusals(), open_store(Settings()) as store:
        found, keys = Accounts(store).list(), Keys(store).list()
    rows: list[list[object]] = [
        [a.name, a.role, " ".join(a.regions) or "every region", "disabled" if a.disabled else "",
         " ".join(str(k["key_id"]) for k in keys if k["account"] == a.name)]
        for a in found
    ]  # fmt: skip
    items = [{"name": a.name, "role": a.role, "regions": list(a.regions), "disabled": a.disabled} for a in found]
    say(
        as_json,
        {"items": items, "keys": keys},
        lambda: table(f"{len(found)} accounts", ["account", "role", "regions", "", "keys"], rows),
    )


def disable(name: Name, as_json: Json = False) -> None:
    """Shut an account now: its sessions end and its keys are revoked."""
    from service.security.accounts import Accounts
    from service.wiring import open_store

    with refusals(), open_store(Settings()) as store:
        Accounts(store).disable(name, by=BY)
    say(as_json, {"name": name, "disabled": True}, lambda: out.print(f"{name} is disabled"))


def reset(name: Name, generate: Generate = False, as_json: Json = False) -> None:
    """Give an account a new password and open it again."""
    from service.security.accounts import Accounts
    from service.wiring import open_store

    with refusals(), open_store(Settings()) as store:
        password = _password(generate)
        Accounts(store).reset(name, password, by=BY)
    _tell(as_json, {"name": name}, password if generate else None, f"{name} has a new password")


def link(
    name: Name,
    subject: Annotated[str, typer.Argument(help="Who the person is at the identity provider (its `sub`).")],
    as_json: Json = False,
) -> None:
    """Let a person of the identity provider log in as this account."""
    from matching.errors import NotReady
    from service.security.accounts import Accounts
    from service.wiring import open_store

    with refusals():
        settings = Settings()
        if settings.oidc_issuer is None:
            raise NotReady("link: expected an identity provider in ONEMONTH_OIDC_ISSUER, found none")
        with open_store(settings) as store:
            Accounts(store).link(name, f"{settings.oidc_issuer} {subject}", by=BY)
    say(as_json, {"name": name, "linked": True}, lambda: out.print(f"{name} is linked"))


def key(
    name: Name,
    days: Annotated[int, typer.Option(help="Days until the key ends.")] = 365,
    as_json: Json = False,
) -> None:
    """Make a key for another system and print it once; send it as `Authorization: Bearer KEY`."""
    from service.security.keys import Keys
    from service.wiring import open_store

    with refusals(), open_store(Settings()) as store:
        made = Keys(store).make(name, days=days, by=BY)
    say(as_json, {"name": name, "key": made}, lambda: out.print(f"key, shown this once: {made}", highlight=False))


def revoke(key_id: Annotated[str, typer.Argument(help="Head of the key.")], as_json: Json = False) -> None:
    """End a key now."""
    from service.security.keys import Keys
    from service.wiring import open_store

    with refusals(), open_store(Settings()) as store:
        Keys(store).revoke(key_id, by=BY)
    say(as_json, {"key_id": key_id, "revoked_at": stamp()}, lambda: out.print(f"key {key_id} is revoked"))
