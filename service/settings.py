"""Settings, all from the environment (``ONEMONTH_*``), checked at start with every fault named at once."""

import base64
import difflib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ModelWrapValidatorHandler, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from matching.errors import BadInput

PREFIX = "ONEMONTH_"

_RATE = r"^\d{1,9}/(second|minute|hour)$"


def key_bytes(key: str) -> bytes:
    """Return the bytes of a vault key written in base64; BadInput when they are not 32. The key is never repeated."""
    try:
        raw = base64.b64decode(key, validate=True)
    except ValueError as error:
        raise BadInput("vault key: expected 32 bytes in base64, found something else; make one anew") from error
    if len(raw) != 32:
        raise BadInput(f"vault key: expected 32 bytes in base64, found {len(raw)}; make one anew")
    return raw


class Settings(BaseSettings):
    """What an installation may set; the defaults serve one office on one machine."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True)

    home: Path = Field(Path("var"), description="folder of the record, the models and the logs")
    database_url: str | None = Field(
        None, pattern=r"^(sqlite|postgresql)(\+psycopg)?://", description="record elsewhere than in home"
    )
    region_code: str = Field("440000", pattern=r"^\d{6}(\d{3})?$", description="region served, GB/T 2260")
    host: str = Field("127.0.0.1", description="address the server listens on")
    port: int = Field(8000, ge=1, le=65535, description="port the server listens on")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/\s]+$",
        description="address people type, where it is not host and port; https marks cookies so",
    )
    session_idle_minutes: int = Field(30, ge=1, le=480, description="minutes without a request that end a log-in")
    session_hours: int = Field(10, ge=1, le=24, description="hours after which a log-in ends in any case")
    rate_limit: str = Field("1200/minute", pattern=_RATE, description="requests a caller may make")
    login_rate_limit: str = Field("20/minute", pattern=_RATE, description="log-ins one address may try")
    requests_at_once: int = Field(16, ge=1, le=24, description="requests a server answers at the same time")
    requests_waiting: int = Field(
        200, ge=0, le=10_000, description="requests that may wait; the next is told to come back"
    )
    language: Literal["zh", "en"] = Field("zh", description="language of pages for who has not chosen one")
    vault_key: SecretStr | None = Field(
        None, description="key of the identity vault, 32 bytes in base64; without it identities are not kept"
    )

    vault_key_next: SecretStr | None = Field(
        None, description="key the vault changes to: see `onemonth privacy rotate`"
    )

    oidc_issuer: str | None = Field(
        None, pattern=r"^https?://[^\s?#]+$", description="identity provider (OpenID Connect) people may log in by"
    )
    oidc_client_id: str | None = Field(None, min_length=1, max_length=200, description="this service's name there")
    oidc_client_secret: SecretStr | None = Field(
        None, description="its secret there; without one PKCE alone proves who asks"
    )

    workers: int | None = Field(
        None, ge=1, le=256, description="processes of the night on this machine; all cores when left out"
    )
    dask_scheduler: str | None = Field(
        None,
        pattern=r"^(tcp|tls)://",
        description="address of a Dask scheduler that plans the night in place of local processes",
    )
    traces_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s]+[^/\s]$",
        description="address of an OpenTelemetry collector that is sent traces",
    )
    test_build: bool = Field(False, description="lets crash_at be set; never on where people are served")
    crash_at: str | None = Field(
        None, description="step at which a night kills itself; for tests of its resumption alone"
    )

    @field_validator("vault_key", "vault_key_next")
    @classmethod
    def _fits(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            try:
                key_bytes(key.get_secret_value())
            except BadInput as error:
                raise ValueError(str(error)) from error
        return key

    @model_validator(mode="wrap")
    @classmethod
    def _every_fault(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Name every fault at once: of single settings, of settings together, and names that are no setting's."""
        faults: list[InitErrorDetails] = []
        try:
            made = handler(given)
        except ValidationError as error:
            faults += [
                {"type": PydanticCustomError("setting", "{told}", {"told": e["msg"]}), "loc": e["loc"], "input": None}
                for e in error.errors()
            ]
            wrong = {str(e["loc"][0]) for e in error.errors() if e["loc"]}
            made = handler({name: value for name, value in given.items() if name not in wrong})
        told = [*_misspelt(cls), *made._at_odds()]
        faults += [{"type": PydanticCustomError("setting", "{told}", {"told": t}), "input": None} for t in told]
        if faults:
            raise ValidationError.from_exception_data(cls.__name__, faults, hide_input=True)
        return made

    def _at_odds(self) -> Iterator[str]:
        """Yield what does not go together."""
        address = self.dask_scheduler
        if address is not None and address.startswith("tcp://"):
            host = address.removeprefix("tcp://").rsplit(":", 1)[0].strip("[]")
            if host not in ("localhost", "127.0.0.1", "::1"):  # a cluster runs whatever a peer sends it
                yield (
                    f"dask_scheduler: expected tls:// for an address beyond this machine, found {address}; set certificates up "
                    "and use tls://"
                )
        issuer = self.oidc_issuer or ""
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            yield "oidc_issuer, oidc_client_id: expected both or neither, found one; set the other too"
        if issuer.startswith("http://") and urlsplit(issuer).hostname not in ("localhost", "127.0.0.1", "::1"):
            yield f"oidc_issuer: expected https:// for a provider beyond this machine, found {issuer}"
        if self.crash_at is not None and not self.test_build:
            yield "crash_at: expected in a test build only; leave it out"


def _misspelt(kind: type[BaseSettings]) -> Iterator[str]:
    """Yield names that are nearly a setting's: the setting would silently keep its default."""
    known = [PREFIX + name.upper() for name in kind.model_fields]
    for name in sorted(n for n in os.environ if n.startswith(PREFIX) and n not in known):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
        if near:
            yield f"{name} is no setting; expected {near[0]}; correct the name"
