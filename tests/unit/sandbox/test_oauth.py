"""OAuth as Salesforce speaks it, without HTTP: refusals first."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, KeySetSerialization

from connectors.sandbox.clock import Clock
from connectors.sandbox.salesforce.oauth import Client, Grants, OAuthEndpoints
from connectors.sandbox.salesforce.oauth.grants import s256
from connectors.sandbox.wire import JSON, Request, Response

BASE = "https://127.0.0.1:8443"
BACK = "http://127.0.0.1:5000/callback"
ORG = "00D5e000000abcdEAA"
ADA = "0055e000001xyzAAA3"
VERIFIER = "v" * 43
WEB = Client("3MVG9web", "The web <app>", "s3cret", ("/callback",))
PUBLIC = Client("3MVG9public", "The CLI", "", ("/callback",))


@dataclass
class People:
    """A directory of two users."""

    id: str = ORG
    active: bool = True
    names: Mapping[str, str] = field(
        default_factory=lambda: {ADA: "ada@example.test", "0055e000001xyzBAA3": "bob@x.test"}
    )

    def user(self, user_id: str) -> Mapping[str, Any]:
        """One user."""
        return {"Id": user_id, "Username": self.names[user_id], "Name": "Ada & Co", "IsActive": self.active}

    def users(self) -> Sequence[Mapping[str, Any]]:
        """All users."""
        return [self.user(user_id) for user_id in self.names]


class Door:
    """The OAuth endpoints with a helper per step of the flow."""

    def __init__(self) -> None:
        self.people = People()
        self.clock = Clock()
        clients = {c.id: Client(c.id, c.name, c.secret, c.paths) for c in (WEB, PUBLIC)}
        self.grants = Grants(ORG, self.clock, clients)
        self.endpoints = OAuthEndpoints(self.people, self.grants, self.clock)

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """One request."""
        handler = self.endpoints.route(path)
        assert handler is not None
        return handler(Request(method, path, query or {}, headers or {}, urlencode(form or {}).encode(), BASE))

    def authorize(
        self, change: Mapping[str, str] | None = None, *, method: str = "POST", client: Client = WEB, drop: str = ""
    ) -> Response:
        """The consent page, or with POST the decision."""
        ask = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": BACK,
            "scope": "api refresh_token openid",
            "state": "st/te",
            "code_challenge": s256(VERIFIER),
            "user": ADA,
            "decision": "allow",
        } | dict(change or {})
        ask.pop(drop, None)
        return (
            self.call("POST", "/services/oauth2/authorize", form=ask)
            if method == "POST"
            else self.call("GET", "/services/oauth2/authorize", query=ask)
        )

    def code(self, client: Client = WEB, change: Mapping[str, str] | None = None) -> str:
        """A fresh authorization code."""
        return back(self.authorize(change, client=client))["code"]

    def token(self, form: Mapping[str, str], drop: str = "") -> Response:
        """The token endpoint, as the web client unless told otherwise."""
        fields = {"client_id": WEB.id, "client_secret": WEB.secret} | dict(form)
        if drop:
            del fields[drop]
        return self.call("POST", "/services/oauth2/token", form=fields)

    def exchange(self, code: str, change: Mapping[str, str] | None = None) -> Response:
        """Trade a code."""
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return self.token(fields | dict(change or {}))

    def log_in(self) -> JSON:
        """A token answer of the web client."""
        return document(self.exchange(self.code()))

    def refresh(self, token: str) -> Response:
        """Use a refresh token."""
        return self.token({"grant_type": "refresh_token", "refresh_token": token})


def back(response: Response) -> dict[str, str]:
    """The parameters of a redirect to the app."""
    assert response.status == 302
    parts = urlsplit(response.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == BACK
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def document(response: Response) -> JSON:
    """The JSON of a good answer."""
    assert response.status == 200, response.body
    result: JSON = json.loads(response.body)
    return result


def error(response: Response, status: int = 400) -> tuple[str, str]:
    """The error of a refusal."""
    assert response.status == status, response.body
    body = json.loads(response.body)
    return body["error"], body["error_description"]


@pytest.fixture
def door() -> Door:
    """A fresh org."""
    return Door()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_id": "nobody"}, "invalid_client_id"),
        ({"redirect_uri": "https://evil.example/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://127.0.0.1:5000/callback/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://127.0.0.1@evil.example/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://127.0.0.1:5000/callback?next=x"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://[127.0.0.1/callback"}, "redirect_uri_mismatch"),
    ],
)
def test_untrusted_redirect_is_shown_not_followed(door: Door, change: dict[str, str], code: str) -> None:
    """An unknown client or redirect gets an error page, never a redirect."""
    response = door.authorize(change)
    assert response.status == 400
    assert f"error={code}".encode() in response.body
    assert "location" not in response.headers


@pytest.mark.parametrize(
    ("change", "drop", "code"),
    [
        ({}, "code_challenge", "invalid_request"),
        ({"code_challenge_method": "plain"}, "", "invalid_request"),
        ({"code_challenge": "short"}, "", "invalid_request"),
        ({"response_type": "token"}, "", "unsupported_response_type"),
        ({"scope": "api everything"}, "", "invalid_scope"),
        ({"prompt": "none"}, "", "login_required"),
        ({"decision": "deny"}, "", "access_denied"),
    ],
)
def test_bad_request_goes_back_to_the_app(door: Door, change: dict[str, str], drop: str, code: str) -> None:
    """What is wrong with the request is told to the app, with its state."""
    answer = back(door.authorize(change, drop=drop))
    assert answer["error"] == code
    assert answer["state"] == "st/te"
    assert "code" not in answer


def test_consent_page_shows_users_and_escapes(door: Door) -> None:
    """The page lists the active users and the scopes, and carries the request as escaped hidden fields."""
    page = door.authorize({"state": '"><script>'}, method="GET", drop="decision").body.decode()
    assert "The web &lt;app&gt;" in page
    assert "<script>" not in page
    assert re.search(r'name="user" value="0055e000001xyzAAA3"', page)
    assert "Perform requests at any time" in page


def test_unknown_user_shows_the_page_again(door: Door) -> None:
    """Allow without a valid user gives no code."""
    response = door.authorize({"user": "nobody"})
    assert response.status == 200
    assert b"Choose the user" in response.body


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"code": "nonsense"}, ("invalid_grant", "invalid authorization code")),
        ({"code_verifier": "w" * 43}, ("invalid_grant", "invalid code verifier")),
        ({"code_verifier": ""}, ("invalid_grant", "invalid code verifier")),
        (
            {"redirect_uri": "http://localhost:5000/callback"},
            ("redirect_uri_mismatch", "redirect_uri must match configuration"),
        ),
        ({"client_secret": "wrong"}, ("invalid_client", "invalid client credentials")),
        ({"client_id": "nobody"}, ("invalid_client_id", "client identifier invalid")),
        ({"client_id": PUBLIC.id, "client_secret": ""}, ("invalid_grant", "invalid authorization code")),
        ({"grant_type": "password"}, ("unsupported_grant_type", "grant type not supported")),
    ],
)
def test_exchange_refuses(door: Door, change: dict[str, str], expected: tuple[str, str]) -> None:
    """Each wrong part of the exchange has Salesforce's own error."""
    assert error(door.exchange(door.code(), change)) == expected


def test_confidential_client_needs_its_secret(door: Door) -> None:
    """A missing secret is a wrong secret, also with PKCE."""
    fields = {"grant_type": "authorization_code", "code": door.code(), "redirect_uri": BACK, "code_verifier": VERIFIER}
    assert error(door.token(fields, drop="client_secret"))[0] == "invalid_client"


def test_public_client_may_not_send_a_secret(door: Door) -> None:
    """A public client exchanges without secret and is refused with one."""
    code = door.code(PUBLIC)
    assert error(door.exchange(code, {"client_id": PUBLIC.id, "client_secret": "x"}))[0] == "invalid_client"
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    assert document(door.token(fields | {"client_id": PUBLIC.id}, drop="client_secret"))["access_token"]


def test_code_is_single_use_and_short_lived(door: Door) -> None:
    """A second use and a use after 15 minutes are refused, and a failed try spends the code."""
    code = door.code()
    document(door.exchange(code))
    assert error(door.exchange(code)) == ("invalid_grant", "expired authorization code")
    late = door.code()
    door.clock.advance(timedelta(minutes=15, seconds=1))
    assert error(door.exchange(late)) == ("invalid_grant", "expired authorization code")
    tried = door.code()
    door.exchange(tried, {"code_verifier": "w" * 43})
    assert error(door.exchange(tried)) == ("invalid_grant", "expired authorization code")


def test_token_answer_has_salesforce_shape(door: Door) -> None:
    """No expires_in, issued_at in milliseconds as text, a reachable id, and a signature that verifies."""
    answer = door.log_in()
    assert set(answer) == {
        *("access_token", "refresh_token", "signature", "scope", "id_token"),
        *("instance_url", "id", "token_type", "issued_at"),
    }
    assert answer["access_token"].startswith(ORG[:15] + "!")
    assert answer["id"] == f"{BASE}/id/{ORG}/{ADA}"
    assert isinstance(answer["issued_at"], str)
    assert len(answer["issued_at"]) == 13
    proof = hmac.digest(WEB.secret.encode(), (answer["id"] + answer["issued_at"]).encode(), hashlib.sha256)
    assert base64.b64decode(answer["signature"]) == proof


def test_client_may_authenticate_by_basic(door: Door) -> None:
    """HTTP Basic works, with form-encoded parts; broken Basic is refused."""
    blob = base64.b64encode(b"3MVG9web:s3cret").decode()
    fields = {"grant_type": "authorization_code", "code": door.code(), "redirect_uri": BACK, "code_verifier": VERIFIER}
    basic = door.call("POST", "/services/oauth2/token", form=fields, headers={"authorization": f"Basic {blob}"})
    assert document(basic)["access_token"]
    broken = door.call("POST", "/services/oauth2/token", form=fields, headers={"authorization": "Basic ~"})
    assert error(broken)[0] == "invalid_client"


def test_token_endpoint_takes_post_only(door: Door) -> None:
    """GET is refused."""
    assert error(door.call("GET", "/services/oauth2/token"))[0] == "invalid_request"


def test_inactive_user_gets_no_token(door: Door) -> None:
    """A user who was frozen after consenting is refused at the exchange and at refresh."""
    answer = door.log_in()
    code = door.code()
    door.people.active = False
    assert error(door.exchange(code))[0] == "inactive_user"
    assert error(door.refresh(answer["refresh_token"]))[0] == "inactive_user"


def test_rotation_retires_the_old_refresh_token(door: Door) -> None:
    """Each refresh gives a new refresh token, and the chain goes on with the newest."""
    first = door.log_in()
    second = document(door.refresh(first["refresh_token"]))
    third = document(door.refresh(second["refresh_token"]))
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert door.grants.session(first["access_token"]) is not None


def test_replay_revokes_the_family(door: Door) -> None:
    """A retired refresh token that comes back kills the current one and every access token of the grant only."""
    other = door.log_in()
    first = door.log_in()
    second = document(door.refresh(first["refresh_token"]))
    assert error(door.refresh(first["refresh_token"])) == ("invalid_grant", "expired access/refresh token")
    assert error(door.refresh(second["refresh_token"])) == ("invalid_grant", "expired access/refresh token")
    assert door.grants.session(first["access_token"]) is None
    assert door.grants.session(second["access_token"]) is None
    assert door.grants.session(other["access_token"]) is not None


def test_without_rotation_the_refresh_token_stays(door: Door) -> None:
    """With rotation off the answer has no refresh token and the old one works again."""
    door.grants.client(WEB.id).rotate = False
    first = door.log_in()
    for _ in range(2):
        assert "refresh_token" not in document(door.refresh(first["refresh_token"]))


def test_no_refresh_token_without_the_scope(door: Door) -> None:
    """Who does not ask for offline access gets none."""
    assert "refresh_token" not in document(door.exchange(door.code(change={"scope": "api"})))


def test_refresh_of_another_client_is_refused(door: Door) -> None:
    """A refresh token works for its own client only, and the attempt does no harm."""
    token = door.log_in()["refresh_token"]
    stolen = door.token(
        {"grant_type": "refresh_token", "refresh_token": token, "client_id": PUBLIC.id, "client_secret": ""}
    )
    assert error(stolen)[0] == "invalid_grant"
    assert document(door.refresh(token))["access_token"]


def test_session_ends_when_idle_and_use_renews_it(door: Door) -> None:
    """Two idle hours end a session; use in the second half of its life renews it."""
    answer = door.log_in()
    door.clock.advance(timedelta(minutes=90))
    assert door.grants.session(answer["access_token"]) is not None
    door.clock.advance(timedelta(minutes=90))
    assert door.grants.session(answer["access_token"]) is not None
    door.clock.advance(timedelta(hours=2, seconds=1))
    assert door.grants.session(answer["access_token"]) is None


def test_id_token_verifies_against_the_jwks(door: Door) -> None:
    """The ID token is signed with the published key and bound to client, user, nonce and access token."""
    answer = document(door.exchange(door.code(change={"nonce": "n-1"})))
    keys = KeySet.import_key_set(cast("KeySetSerialization", document(door.call("GET", "/id/keys"))))
    claims = jwt.decode(answer["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["sub"], claims["nonce"]) == (BASE, WEB.id, answer["id"], "n-1")
    half = hashlib.sha256(answer["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert "d" not in document(door.call("GET", "/id/keys"))["keys"][0]


def test_introspection(door: Door) -> None:
    """A live token is described to its client, anything else is inactive, strangers get 401."""
    answer = door.log_in()
    me = {"client_id": WEB.id, "client_secret": WEB.secret}
    path = "/services/oauth2/introspect"
    assert error(door.call("POST", path, form={"token": answer["access_token"]}), 401)[0] == "invalid_client_id"
    assert document(door.call("POST", path, form=me | {"token": "x"})) == {"active": False}
    other = {"client_id": PUBLIC.id, "token": answer["access_token"]}
    assert document(door.call("POST", path, form=other)) == {"active": False}
    live = document(door.call("POST", path, form=me | {"token": answer["access_token"]}))
    assert live["active"]
    assert live["username"] == "ada@example.test"
    assert live["exp"] - live["iat"] == 7200
    assert (
        document(door.call("POST", path, form=me | {"token": answer["refresh_token"]}))["token_type"] == "refresh_token"
    )


def test_revoking_a_refresh_token_cascades(door: Door) -> None:
    """Revoking the refresh token ends the sessions too; a dead token is an error in form encoding."""
    answer = door.log_in()
    done = door.call("POST", "/services/oauth2/revoke", form={"token": answer["refresh_token"]})
    assert (done.status, done.body) == (200, b"")
    assert door.grants.session(answer["access_token"]) is None
    again = door.call("POST", "/services/oauth2/revoke", form={"token": answer["refresh_token"]})
    assert again.status == 400
    assert parse_qs(again.body.decode())["error"] == ["invalid_token"]


def test_revoking_an_access_token_spares_the_refresh_token(door: Door) -> None:
    """Only the session ends."""
    answer = door.log_in()
    door.call("GET", "/services/oauth2/revoke", query={"token": answer["access_token"]})
    assert door.grants.session(answer["access_token"]) is None
    assert document(door.refresh(answer["refresh_token"]))["access_token"]


def test_userinfo_refuses_in_plain_text(door: Door) -> None:
    """Missing and bad tokens, wrong org and wrong user have the documented words."""
    token = {"authorization": f"OAuth {door.log_in()['access_token']}"}

    def words(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        response = door.call("GET", path, headers=headers)
        assert response.headers["content-type"].startswith("text/plain")
        return response.status, response.body

    assert words("/services/oauth2/userinfo", {}) == (403, b"Missing_OAuth_Token")
    assert words("/services/oauth2/userinfo", {"authorization": "Bearer x"}) == (403, b"Bad_OAuth_Token")
    assert words(f"/id/00D000000000000EAA/{ADA}", token) == (403, b"Wrong_Org")
    assert words(f"/id/{ORG}/005000000000000AAA", token) == (404, b"Bad_Id")
    assert words(f"/id/{ORG}/0055e000001xyzBAA3", token) == (403, b"Bad_OAuth_Token")


def test_userinfo_and_identity_name_the_user(door: Door) -> None:
    """Both tell user, org and addresses; the identity URL takes the token as a parameter too."""
    answer = door.log_in()
    headers = {"authorization": f"Bearer {answer['access_token']}"}
    info = document(door.call("GET", "/services/oauth2/userinfo", headers=headers))
    assert (info["sub"], info["user_id"], info["organization_id"]) == (answer["id"], ADA, ORG)
    asked = {"oauth_token": answer["access_token"], "format": "json", "version": "66.0"}
    identity = document(door.call("GET", f"/id/{ORG}/{ADA}", query=asked))
    assert identity["username"] == "ada@example.test"
    assert identity["urls"]["query"] == f"{BASE}/services/data/v66.0/query/"


def test_discovery_points_at_this_host(door: Door) -> None:
    """Every address of the discovery document is reachable under the address that was asked."""
    found = document(door.call("GET", "/.well-known/openid-configuration"))
    assert found["issuer"] == BASE
    assert all(value.startswith(BASE) for name, value in found.items() if name.endswith(("_endpoint", "_uri")))


def test_ending_grants_of_one_user(door: Door) -> None:
    """The control plane can expire one user's sessions, or revoke her grants."""
    mine, other = door.log_in(), document(door.exchange(door.code(change={"user": "0055e000001xyzBAA3"})))
    assert door.grants.end_sessions(ADA) == 1
    assert door.grants.session(mine["access_token"]) is None
    assert document(door.refresh(mine["refresh_token"]))["access_token"]
    assert door.grants.end_grants(ADA) == 1
    assert door.grants.session(other["access_token"]) is not None
