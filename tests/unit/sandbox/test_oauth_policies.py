"""JWT bearer and what admins decided: every refusal of the token endpoint can be had, and what is right gets in."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import RSAKey

from connectors.sandbox.clock import Clock
from connectors.sandbox.salesforce.mutations import Mutations
from connectors.sandbox.salesforce.oauth.policy import GRANT_TYPES, JWT_BEARER
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.wire import JSON, Refused, Request, Response
from tests.unit.sandbox import engine_world
from tests.unit.sandbox.test_oauth import ADA, BASE, PUBLIC, WEB, Door, back, document, error

KEY = RSAKey.generate_key(2048, private=True)
BOB = "0055e000001xyzBAA3"
BEARER = "https://login.salesforce.com"


@pytest.fixture
def door() -> Door:
    """The endpoints, with the web client's key registered and Ada pre-authorised."""
    made = Door()
    policy(made, certificate=KEY.as_pem(private=False).decode(), users=[ADA])
    return made


def policy(door: Door, client: str = WEB.id, **wish: object) -> None:
    """Change the policy of an app, as the mutation does."""
    app = door.grants.clients[client]
    app.policy = app.policy.changed(wish, str)


def signed(
    door: Door, change: Mapping[str, object] | None = None, *, key: RSAKey = KEY, algorithm: str = "RS256"
) -> str:
    """An assertion that is right but for what is changed (None: left out)."""
    claims: JSON = {"iss": WEB.id, "sub": "ada@example.test", "aud": BEARER, "exp": int(door.clock.time()) + 180}
    claims = {name: value for name, value in (claims | dict(change or {})).items() if value is not None}
    return jwt.encode({"alg": algorithm}, claims, key, algorithms=[algorithm])


def present(door: Door, assertion: str) -> Response:
    """Bring an assertion to the token endpoint."""
    form = {"grant_type": JWT_BEARER, "assertion": assertion}
    return door.call("POST", "/services/oauth2/token", form=form)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"iss": "nobody"}, ("invalid_client_id", "client identifier invalid")),
        ({"iss": None}, ("invalid_client_id", "client identifier invalid")),
        ({"iss": PUBLIC.id}, ("invalid_grant", "invalid assertion")),
        ({"aud": "https://elsewhere.example"}, ("invalid_grant", "audience is invalid")),
        ({"aud": [BEARER]}, ("invalid_grant", "audience is invalid")),
        ({"aud": None}, ("invalid_grant", "audience is invalid")),
        ({"exp": None}, ("invalid_grant", "invalid assertion")),
        ({"exp": "soon"}, ("invalid_grant", "invalid assertion")),
        ({"exp": True}, ("invalid_grant", "invalid assertion")),
        ({"exp": "nan"}, ("invalid_grant", "expired authorization code")),
        ({"exp": 1}, ("invalid_grant", "expired authorization code")),
        ({"exp": 10**11}, ("invalid_grant", "expired authorization code")),
        ({"sub": "bob@x.test"}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"sub": "ghost@x.test"}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"sub": None}, ("invalid_grant", "user hasn't approved this consumer")),
    ],
)
def test_assertions_are_refused(door: Door, change: dict[str, object], expected: tuple[str, str]) -> None:
    """Each claim is checked, and the answer says which."""
    assert error(present(door, signed(door, change))) == expected


def test_only_the_registered_key_signs(door: Door) -> None:
    """A foreign key, another algorithm, a cut signature, no token at all: an invalid assertion."""
    foreign = signed(door, key=RSAKey.generate_key(2048, private=True))
    for assertion in (foreign, signed(door, algorithm="RS384"), signed(door)[:-8], "", "a.b.c", f"{signed(door)}.x"):
        assert error(present(door, assertion)) == ("invalid_grant", "invalid assertion")


@given(st.text(max_size=40) | st.tuples(*[st.text(max_size=12)] * 3).map(".".join))
def test_noise_is_no_assertion(noise: str) -> None:
    """Whatever text comes, the answer is an OAuth error."""
    assert error(present(Door(), noise))[0] in {"invalid_grant", "invalid_client_id"}


def test_a_preauthorised_user_gets_a_session_and_no_refresh_token(door: Door) -> None:
    """The short answer: access token, scope, addresses; `exp` may be a numeric string, the audience this host."""
    changes: tuple[JSON, ...] = (
        {},
        {"exp": f"{door.clock.time() + 180:.0f}"},
        {"aud": BASE},
        {"sub": "ADA@example.test"},
    )
    for change in changes:
        answer = document(present(door, signed(door, change)))
        assert answer.keys() == {"access_token", "scope", "instance_url", "id", "token_type"}
        session = door.grants.session(answer["access_token"])
        assert session is not None
        assert (session.user_id, session.allows("api")) == (ADA, True)


def test_an_earlier_approval_counts_when_it_had_a_refresh_token(door: Door) -> None:
    """A user who consented to offline access may be spoken for with the scopes she gave, until she revokes."""
    policy(door, users=[])
    assert error(present(door, signed(door)))[1] == "user hasn't approved this consumer"
    door.exchange(door.code(change={"scope": "api"}))
    assert error(present(door, signed(door)))[1] == "user hasn't approved this consumer"
    door.exchange(door.code(change={"scope": "api refresh_token"}))
    assert document(present(door, signed(door)))["scope"] == "api"
    door.grants.end_grants(ADA)
    assert error(present(door, signed(door)))[1] == "user hasn't approved this consumer"


def test_admin_approved_users_only(door: Door) -> None:
    """Others are sent back from the consent page, and what they had got before works no more."""
    bob = document(door.exchange(door.code(change={"user": BOB})))
    policy(door, admin_approved=True)
    assert error(door.refresh(bob["refresh_token"])) == (
        "invalid_app_access",
        "user is not admin approved to access this app",
    )
    assert back(door.authorize({"user": BOB}))["error"] == "OAUTH_APP_ACCESS_DENIED"
    assert "code" in back(door.authorize())
    assert document(present(door, signed(door)))["token_type"] == "Bearer"


def test_flows_can_be_switched_off(door: Door) -> None:
    """A blocked flow looks like an unknown one, and does not use up the code."""
    code = door.code()
    policy(door, grant_types=["refresh_token"])
    expected = ("unsupported_grant_type", "grant type not supported")
    assert error(door.exchange(code)) == expected
    assert error(present(door, signed(door))) == expected
    assert error(door.token({"grant_type": "password"})) == expected
    policy(door, grant_types=GRANT_TYPES)
    assert "access_token" in document(door.exchange(code))


@pytest.mark.parametrize("blocked", ["OAUTH_APP_BLOCKED", "OAUTH_APPROVAL_ERROR_GENERIC"])
def test_a_blocked_app_is_sent_away_before_any_page(door: Door, blocked: str) -> None:
    """The browser comes back with the error, the state, and no code."""
    policy(door, blocked=blocked)
    answer = back(door.authorize(method="GET"))
    assert (answer["error"], answer["state"], "code" in answer) == (blocked, "st/te", False)


def test_the_org_refuses_everybody(door: Door) -> None:
    """A locked org and a closed network refuse every flow; terse errors have no description."""
    token = door.log_in()["refresh_token"]
    for wish, expected in (
        ({"locked": True}, ("inactive_org", "organization is inactive")),
        ({"locked": False, "ip_restricted": True}, ("invalid_grant", "ip restricted")),
    ):
        door.grants.policy = door.grants.policy.changed(wish)
        assert error(door.refresh(token)) == error(present(door, signed(door))) == expected
    door.grants.policy = door.grants.policy.changed({"terse_errors": True})
    refused = door.refresh(token)
    assert (refused.status, refused.body) == (400, b'{"error":"invalid_grant"}')


def test_inactive_users_are_not_spoken_for(door: Door) -> None:
    """A frozen user gets no session by assertion either."""
    door.people.active = False
    assert error(present(door, signed(door)))[0] == "inactive_user"


def soap_login(door: Door, username: str, password: str, version: str = "59.0") -> Response:
    """The envelope that the clients send."""
    body = f"<x:login><x:username>{username}</x:username><x:password>{password}</x:password></x:login>"
    path = f"/services/Soap/u/{version}"
    handler = door.endpoints.route(path)
    assert handler is not None
    return handler(Request("POST", path, {}, {}, body.encode(), BASE))


def test_soap_login_is_for_old_tools_only(door: Door) -> None:
    """Unknown and frozen users, no password and new versions meet a fault; else a session."""
    for username, password, version, code in (
        ("ghost@x.test", "x", "59.0", "INVALID_LOGIN"),
        ("ada@example.test", "", "59.0", "INVALID_LOGIN"),
        ("ada@example.test", "x", "65.0", "UNSUPPORTED_API_VERSION"),
        ("ada@example.test", "x", "new", "UNSUPPORTED_API_VERSION"),
    ):
        refused = soap_login(door, username, password, version)
        assert (refused.status, f"<sf:exceptionCode>{code}<".encode() in refused.body) == (500, True)
    answer = soap_login(door, "ada@example.test", "any &amp; all").body.decode()
    token = answer.partition("<sessionId>")[2].partition("<")[0]
    session = door.grants.session(token)
    assert session is not None
    assert (session.user_id, session.allows("api")) == (ADA, True)
    door.people.active = False
    assert soap_login(door, "ada@example.test", "x").status == 500


def test_the_mutations_set_policies_and_a_snapshot_keeps_them() -> None:
    """An app's certificate and users by mutation; nonsense is refused; a restore goes back."""
    door = Door()
    org = Org.load(engine_world.document(), [], Clock())
    mutations = Mutations(org, door.grants)
    before = door.grants.settings()
    pem = KEY.as_pem(private=False).decode()
    mutations.apply("oauth_app", "", {"client": WEB.id, "certificate": pem, "users": ["ann@test.example"]})
    mutations.apply("oauth_org", "", {"locked": True})
    assert door.grants.clients[WEB.id].policy.users == {engine_world.ANN}
    locked = door.grants.policy
    assert locked.locked
    for wish in (
        {"certificate": "x"},
        {"certificate": 7},
        {"users": ["ghost"]},
        {"blocked": "x"},
        {"grant_types": [1]},
    ):
        with pytest.raises(Refused):
            mutations.apply("oauth_app", "", {"client": WEB.id, **wish})
    with pytest.raises(Refused):
        mutations.apply("oauth_app", "", {"client": "nobody"})
    door.grants.restore(before)
    assert not door.grants.policy.locked
    assert door.grants.clients[WEB.id].policy.certificate is None
