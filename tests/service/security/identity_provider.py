"""A small OpenID provider, a process of its own: discovery, authorization, token, keys; signs for real and lies when told to.

``python -m tests.service.security.identity_provider`` prints its issuer and serves until it is stopped. ``POST /fault NAME`` makes the next
tokens wrong in one way; ``POST /rotate`` gives it a new key; ``POST /person SUBJECT`` says who logs in.
"""

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.house.tree import ROOT

CLIENT, SECRET = "onemonth", "client secret"
FAULTS = (
    "nonce", "no_nonce", "audience", "other_party", "issuer", "expired", "no_end", "future", "no_subject", "wrong_key", "unknown_key", "alg_none",
    "shared_secret", "own_key_in_header", "no_token",
)  # fmt: skip


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Key:
    """A signing key with its name."""

    def __init__(self):
        self.private = rsa.generate_private_key(65537, 2048)
        self.kid = secrets.token_hex(4)

    def jwk(self):
        n = self.private.public_key().public_numbers()
        parts = {"n": b64(n.n.to_bytes(256, "big")), "e": b64(n.e.to_bytes(3, "big"))}
        return {"kty": "RSA", "kid": self.kid, "use": "sig", "alg": "RS256", **parts}

    def sign(self, text):
        return self.private.sign(text, padding.PKCS1v15(), SHA256())

    def pem(self):
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Provider(HTTPServer):
    """What the provider remembers."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.issuer = f"http://localhost:{self.server_port}"
        self.key, self.other, self.codes, self.fault, self.person = Key(), Key(), {}, "", "person-1"

    def token(self, nonce):
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": self.person, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce}
        claims |= {
            "nonce": {"nonce": "another"}, "audience": {"aud": "another"}, "other_party": {"aud": [CLIENT, "another"], "azp": "another"},
            "issuer": {"iss": "https://another.example"}, "expired": {"exp": now - 120, "iat": now - 420}, "future": {"iat": now + 3600, "exp": now + 7200},
        }.get(self.fault, {})  # fmt: skip
        for fault, name in (("no_nonce", "nonce"), ("no_end", "exp"), ("no_subject", "sub")):
            if self.fault == fault:
                del claims[name]
        key = self.other if self.fault in ("wrong_key", "unknown_key", "own_key_in_header") else self.key
        head = {"alg": "RS256", "kid": self.key.kid if self.fault == "wrong_key" else key.kid}
        if self.fault == "own_key_in_header":
            head |= {"jwk": key.jwk(), "kid": self.key.kid}
        head["alg"] = {"alg_none": "none", "shared_secret": "HS256"}.get(self.fault, "RS256")
        text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
        signature = {
            "alg_none": lambda: b"", "shared_secret": lambda: hmac.new(self.key.pem(), text.encode(), hashlib.sha256).digest(),
        }.get(self.fault, lambda: key.sign(text.encode()))()  # fmt: skip
        return f"{text}.{b64(signature)}"


class Handler(BaseHTTPRequestHandler):
    """Answers."""

    def do_GET(self):
        asked = urlsplit(self.path)
        one = {k: v[0] for k, v in parse_qs(asked.query).items()}
        issuer = self.server.issuer
        if asked.path == "/.well-known/openid-configuration":
            return self._json({
                "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token", "jwks_uri": f"{issuer}/jwks",
            })  # fmt: skip
        if asked.path == "/jwks":
            return self._json({"keys": [self.server.key.jwk()]})
        good = (
            one.get("client_id") == CLIENT
            and one.get("response_type") == "code"
            and one.get("code_challenge_method") == "S256"
        )
        if asked.path != "/authorize" or not good or "openid" not in one.get("scope", ""):
            return self._json({"error": "invalid_request"}, 400)
        code = secrets.token_urlsafe(16)
        self.server.codes[code] = one
        self.send_response(302)
        self.send_header("Location", f"{one['redirect_uri']}?{urlencode({'code': code, 'state': one['state']})}")
        self.end_headers()
        return None

    def do_POST(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path == "/token":
            return self._token({k: v[0] for k, v in parse_qs(sent).items()})
        if self.path == "/rotate":
            self.server.key = Key()
        elif self.path == "/fault":
            self.server.fault = sent
        elif self.path == "/person":
            self.server.person = sent
        return self._json({})

    def _token(self, form):
        asked = self.server.codes.pop(form.get("code"), None)
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        plain = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if self.headers.get("Authorization") not in (basic, plain):
            return self._json({"error": "invalid_client"}, 401)
        challenge = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return self._json({"error": "invalid_grant"}, 400)
        token = {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "expires_in": 60}
        if self.server.fault != "no_token":
            token["id_token"] = self.server.token(asked["nonce"])
        return self._json(token)

    def _json(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def started():
    """Start the provider as a process of its own; yields its issuer."""
    command = [sys.executable, "-m", "tests.service.security.identity_provider"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def at_the_provider(client, back="/worklist"):
    """Begin a log-in, log in at the provider, and return where it sends the browser back to."""
    answer = client.get("/login/provider", params={"back": back})
    assert answer.status_code == 303
    sent = httpx2.get(answer.headers["location"])
    assert sent.status_code == 302
    return sent.headers["location"].removeprefix("http://testserver")


if __name__ == "__main__":
    with Provider() as server:
        sys.stdout.write(server.issuer + "\n")
        sys.stdout.flush()
        server.serve_forever()
