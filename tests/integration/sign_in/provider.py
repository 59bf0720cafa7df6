"""An OpenID Connect provider: what one asks of it that signs people in by the code flow with PKCE."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "portal", "of the client"


class Provider:
    """`claims` are those of whoever signs in there; `issuer` is where it runs."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.claims: dict[str, Any] = {}
        self.audience = CLIENT
        self.signs_as = issuer
        self.says_it_is = issuer
        self.leads_on = False
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signs_with: Any = self._key
        self.algorithm = "RS256"
        self._challenges: dict[str, str] = {}

    def consent(self, authorize: str) -> dict[str, str]:
        """What the browser brings back from the provider's own pages, at the address that Portal has sent it to."""
        asked = {name: value for name, (value,) in parse_qs(urlsplit(authorize).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        code = f"code-{len(self._challenges)}"
        self._challenges[code] = asked["code_challenge"]
        return {"code": code, "state": asked["state"]}

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """None for whoever is not the client, or has not begun this sign-in."""
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if form.get("client_secret") != SECRET or self._challenges.pop(form.get("code", ""), "") != challenge:
            return None
        now = int(time.time())
        claims = {"iss": self.signs_as, "aud": self.audience, "iat": now, "exp": now + 60, **self.claims}
        signed = jwt.encode(claims, self.signs_with, algorithm=self.algorithm, headers={"kid": "1"})
        return {"access_token": "of-the-provider", "token_type": "Bearer", "expires_in": 60, "id_token": signed}

    def document(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            methods = ["client_secret_post"]
            ends = {name: f"{self.issuer}/{name}" for name in ("authorize", "token", "userinfo", "jwks")}
            return {
                "issuer": self.says_it_is,
                "authorization_endpoint": ends["authorize"],
                "token_endpoint": ends["token"],
                "userinfo_endpoint": ends["userinfo"],
                "jwks_uri": ends["jwks"],
                "token_endpoint_auth_methods_supported": methods,
            }
        if path == "/jwks":
            key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
            return {"keys": [{**key, "kid": "1", "alg": "RS256", "use": "sig"}]}
        if path == "/userinfo":
            return self.claims
        return None


@contextmanager
def running() -> Iterator[Provider]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_address[1]}")
    server.provider = provider  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.server.provider.leads_on and not self.path.endswith("?again"):  # type: ignore[attr-defined]
            self.send_response(302)
            self.send_header("Location", f"{self.path}?again")
            self.end_headers()
            return
        self._answer(self.server.provider.document(urlsplit(self.path).path))  # type: ignore[attr-defined]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: value for name, (value,) in parse_qs(body).items()}
        self._answer(self.server.provider.token(form))  # type: ignore[attr-defined]

    def _answer(self, document: dict[str, Any] | None) -> None:
        self.send_response(400 if document is None else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(document or {"error": "invalid_grant"}).encode())

    def log_message(self, *_: Any) -> None:
        pass
