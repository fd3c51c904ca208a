"""Log-in by the office's identity provider (OpenID Connect, authorization code with PKCE): who comes back has proven a subject, no more.

What the provider sends is believed only when its signature, issuer, audience, times and nonce hold; accounts and roles stay ours.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any

import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException

from matching.errors import NotReady
from service.security.refusals import Unknown
from service.settings import Settings

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures that are accepted: of a key pair, never of a shared secret, never none."""

LEEWAY = 60
"""Seconds two clocks may differ."""

RETURN = "/login/return"
"""Where the provider sends people back to."""

_TIMEOUT = 10.0
_FRESH = 3600.0
_AGAIN = 30.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Known:
    """What the provider publishes, and when it was read."""

    metadata: dict[str, Any]
    keys: KeySet
    read_at: float


class Provider:
    """The identity provider that the settings name."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_issuer is not None and settings.oidc_client_id is not None
        self.issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._secret = None if settings.oidc_client_secret is None else settings.oidc_client_secret.get_secret_value()
        self._return = (settings.public_url or f"http://{settings.host}:{settings.port}") + RETURN
        self._lock = threading.Lock()
        self._known: _Known | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Provider | None":
        """Return the provider these settings name; None where none is."""
        return None if settings.oidc_issuer is None else cls(settings)

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Return where a person is sent to log in; NotReady when the provider does not answer."""
        endpoint = self._published().metadata["authorization_endpoint"]
        url, _ = self._session().create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
        return str(url)

    def subject(self, code: str, nonce: str, verifier: str) -> str:
        """Return the subject a code stands for, with its issuer; Unknown when anything about it does not hold."""
        known = self._published()
        try:
            token = self._session().fetch_token(
                known.metadata["token_endpoint"],
                code=code,
                code_verifier=verifier,
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
            claims = self._claims(str(token["id_token"]), nonce)
        except RequestException as error:
            raise self._silent(error) from error
        except (OAuthError, JoseError, KeyError, ValueError) as error:
            log.warning("provider refused", error=type(error).__name__, why=str(getattr(error, "error", "")))
            raise Unknown("log-in: what the identity provider sent does not hold; try again") from error
        return f"{self.issuer} {claims['sub']}"

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        try:
            decoded = jwt.decode(token, self._published().keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):  # a key may have been changed since
            decoded = jwt.decode(token, self._published(_AGAIN).keys, algorithms=ALGORITHMS)
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY, iss={"essential": True, "value": self.issuer}, aud={"essential": True, "value": self._client_id},
            exp={"essential": True}, iat={"essential": True}, sub={"essential": True}, nonce={"essential": True, "value": nonce},
        )  # fmt: skip
        rules.validate(decoded.claims)
        aud = decoded.claims["aud"]
        party = decoded.claims.get("azp", None if isinstance(aud, list) and len(aud) > 1 else self._client_id)
        if party != self._client_id:
            raise ValueError("azp: expected this client")
        return decoded.claims

    def _session(self) -> OAuth2Session:
        method = "none" if self._secret is None else "client_secret_basic"
        return OAuth2Session(
            self._client_id, self._secret, token_endpoint_auth_method=method, scope="openid", redirect_uri=self._return,
            code_challenge_method="S256",
        )  # fmt: skip

    def _published(self, no_older: float = _FRESH) -> _Known:
        """Return what the provider publishes, read again when it is older than so many seconds."""
        with self._lock:
            known = self._known
            if known is None or known.read_at < time.monotonic() - no_older:
                known = self._known = self._read()
            return known

    def _read(self) -> _Known:
        try:
            with self._session() as session:
                where = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                options: dict[str, Any] = {"timeout": _TIMEOUT, "allow_redirects": False, "withhold_token": True}
                metadata = session.get(where, **options).json()
                if metadata["issuer"] != self.issuer:
                    raise ValueError(f"issuer: expected {self.issuer}, found another")
                keys = KeySet.import_key_set(session.get(metadata["jwks_uri"], **options).json())
                return _Known(metadata, keys, time.monotonic())
        except (RequestException, JoseError, KeyError, ValueError) as error:
            raise self._silent(error) from error

    def _silent(self, error: Exception) -> NotReady:
        log.error("provider does not answer", error=type(error).__name__)
        return NotReady(
            "log-in: the identity provider does not answer as it should; try again, or log in with a password"
        )
