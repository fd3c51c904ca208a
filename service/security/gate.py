"""The one gate: every request of the interface and of the pages passes here before its route, and leaves with its caller's office."""

import ipaddress
from dataclasses import dataclass, replace

from fastapi import Request

from matching.errors import NotReady
from service.security.accounts import Accounts
from service.security.keys import Keys
from service.security.matrix import RESTRICTED, matrix
from service.security.principals import NOBODY, OFFICE, Principal
from service.security.rates import Rates
from service.security.refusals import NotAllowed, Unknown
from service.security.sessions import COOKIE, Sessions
from service.settings import Settings
from service.storage.store import Store
from service.wiring import Office

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate asks. ``everyone``: without accounts, answer off this machine too (the demonstration, whose people are generated)."""

    accounts: Accounts
    sessions: Sessions
    keys: Keys
    rates: Rates
    everyone: bool = False

    @classmethod
    def of(cls, store: Store, settings: Settings, *, everyone: bool = False) -> "Gate":
        """Put the gate of a record together."""
        sessions = Sessions(store, settings.session_idle_minutes * 60.0, settings.session_hours * 3600.0)
        rates = Rates(settings.rate_limit, settings.login_rate_limit)
        return cls(Accounts(store), sessions, Keys(store), rates, everyone)

    def require_fit_to_listen(self, host: str) -> None:
        """Refuse to listen off this machine while there is no account: NotReady says what to do."""
        if not is_loopback(host) and not self.accounts.any():
            raise NotReady(
                f"listening on {host} needs log-in: expected at least one account, found none; "
                "run `onemonth accounts add NAME --role ROLE --everywhere`, or listen on 127.0.0.1"
            )


def admit(request: Request) -> None:
    """Let a request pass to its route as its caller, or say why not: Unknown, NotAllowed, TooMany."""
    gate: Gate = request.app.state.gate
    office: Office = request.app.state.office
    operation = str(request.scope["route"].name)
    caller = caller_of(request)
    if not caller.unlimited:
        gate.rates.count("request", caller.actor if caller.known else address_of(request))
    if operation not in matrix().operations:
        raise NotAllowed(f"operation {operation} has no row in the matrix of roles; nobody may do it until it has one")
    if not caller.unlimited and not matrix().allows(operation, caller.role):
        if not caller.known:
            raise Unknown("log in, or send a key in the Authorization header")
        raise NotAllowed(f"role {caller.role} may not do this; ask somebody whose task it is")
    reads = RESTRICTED if caller.unlimited else matrix().readable(operation, caller.role)
    request.state.office = office_for(office, caller, reads)


def office_for(office: Office, caller: Principal, reads: frozenset[str] = frozenset()) -> Office:
    """Return the office as a caller has it: their name, their role, and of people's data only their regions'."""
    return replace(
        office, actor=caller.actor, role=caller.role, regions=caller.regions, reads=reads,
        store=office.store.limited_to(caller.regions),
    )  # fmt: skip


def caller_of(request: Request) -> Principal:
    """Return who makes a request; asked once a request."""
    if not hasattr(request.state, "caller"):
        request.state.caller = _find(request)
    caller: Principal = request.state.caller
    return caller


def _find(request: Request) -> Principal:
    gate: Gate = request.app.state.gate
    if not gate.accounts.any():
        return OFFICE if gate.everyone or _from_here(request) else NOBODY
    key = request.headers.get("authorization", "")
    token = request.cookies.get(COOKIE)
    found: Principal | None = None
    if key:
        scheme, _, value = key.partition(" ")
        found = gate.keys.principal(value.strip()) if scheme.lower() == "bearer" else None
    elif token:
        found = gate.sessions.principal(token)
    return found or NOBODY


def address_of(request: Request) -> str:
    """Return the address a request came from, for counting."""
    return request.client.host if request.client else "unknown"


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _from_here(request: Request) -> bool:
    """Whether the request reached this machine's own address, straight and not through a proxy. Names are of tests in the same process."""
    server = request.scope.get("server")
    if server is None or any(name in request.headers for name in FORWARDED):
        return False
    host = str(server[0])
    return is_loopback(host) or not _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.startswith("/")
    return True
