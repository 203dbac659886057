"""The authorization endpoint: checks the app's request, asks whom to log in as, and sends the browser back.

The page keeps nothing on the server: its form carries the app's parameters, and the POST checks them again. So a test
or the demo can consent over plain HTTP by posting the form with `user` and `decision`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from connectors.sandbox.forms import form_fields, hidden, redirect
from connectors.sandbox.page import page
from connectors.sandbox.salesforce.oauth.grants import SCOPES, Approval, Client, Grants, OAuthError
from connectors.sandbox.salesforce.oauth.identity import Directory
from connectors.sandbox.salesforce.oauth.policy import BLOCKS
from connectors.sandbox.wire import Request, Response

_CARRIED = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "login_hint",
)
_CHALLENGE_LENGTH = 43
_MEANING = {
    "api": "Manage user data via APIs",
    "refresh_token": "Perform requests at any time",
    "openid": "Access unique user identifiers",
    "id": "Access the identity URL service",
    "profile": "Access the identity URL service",
    "email": "Access the identity URL service",
    "full": "Full access",
    "web": "Manage user data via web browsers",
    "chatter_api": "Access Connect REST API resources",
}
_DEFAULT_SCOPE = "api refresh_token openid id"


@dataclass(frozen=True, slots=True)
class _Ask:
    """A valid authorization request."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    challenge: str
    nonce: str


class ConsentPage:
    """GET shows the page, POST decides."""

    def __init__(self, directory: Directory, grants: Grants) -> None:
        self._directory = directory
        self._grants = grants

    def respond(self, request: Request) -> Response:
        """Answer one request to the authorization endpoint."""
        posted = request.method == "POST"
        fields = form_fields(request.body) if posted else {}
        parameters = {**request.query, **fields}
        try:
            client = self._grants.client(parameters.get("client_id", ""))
            redirect_uri = parameters.get("redirect_uri", "")
            if not client.accepts(redirect_uri):
                raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")  # noqa: TRY301 - one page shows both
        except OAuthError as error:
            return page("Authorization error", _ERROR.format(error=error.error, text=escape(error.description)), 400)
        back = {"state": parameters["state"]} if "state" in parameters else {}
        try:
            ask = self._check(client, redirect_uri, parameters)
        except OAuthError as error:
            return redirect(redirect_uri, {"error": error.error, "error_description": error.description} | back)
        if not posted or "decision" not in fields:
            return self._show(ask, parameters)
        if fields["decision"] != "allow":
            denied = {"error": "access_denied", "error_description": "end-user denied authorization"}
            return redirect(redirect_uri, denied | back)
        return self._allow(ask, parameters, fields.get("user", ""), back)

    def _check(self, client: Client, redirect_uri: str, parameters: Mapping[str, str]) -> _Ask:
        """Everything that is reported to the app by redirect."""
        if blocked := client.policy.blocked:
            raise OAuthError(blocked, BLOCKS[blocked])
        if parameters.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "response type not supported")
        challenge = parameters.get("code_challenge", "")
        if not challenge:
            raise OAuthError("invalid_request", "missing required code challenge")
        if parameters.get("code_challenge_method", "S256") != "S256" or len(challenge) != _CHALLENGE_LENGTH:
            raise OAuthError("invalid_request", "code challenge method must be S256")
        wanted = (parameters.get("scope") or _DEFAULT_SCOPE).replace("offline_access", "refresh_token").split()
        if not set(wanted) <= set(SCOPES):
            raise OAuthError("invalid_scope", "the requested scope is not allowed")
        if parameters.get("prompt") == "none":
            raise OAuthError("login_required", "user authentication required")
        scopes = tuple(dict.fromkeys([*wanted, "id"] if "openid" in wanted else wanted))
        state, nonce = parameters.get("state", ""), parameters.get("nonce", "")
        return _Ask(client, redirect_uri, scopes, state, challenge, nonce)

    def _allow(self, ask: _Ask, parameters: Mapping[str, str], chosen: str, back: Mapping[str, str]) -> Response:
        user = next((u for u in self._people() if chosen in {u["Id"], u["Username"]}), None)
        if user is None:
            return self._show(ask, parameters, "Choose the user to log in as.")
        if not ask.client.policy.admits(user["Id"]):
            refused = {
                "error": "OAUTH_APP_ACCESS_DENIED",
                "error_description": "user is not admin approved to access this app",
            }
            return redirect(ask.redirect_uri, {**refused, **back})
        approval = Approval(ask.client.id, user["Id"], ask.scopes, ask.redirect_uri, ask.challenge, ask.nonce)
        code = self._grants.approve(approval)
        return redirect(ask.redirect_uri, {"code": code, **back})

    def _people(self) -> list[Mapping[str, str]]:
        return [user for user in self._directory.users() if user.get("IsActive", True)]

    def _show(self, ask: _Ask, parameters: Mapping[str, str], problem: str = "") -> Response:
        hint = parameters.get("login_hint", "")
        people = "".join(
            _USER.format(
                id=escape(user["Id"]),
                checked=" checked" if hint and hint in {user["Id"], user["Username"]} else "",
                name=escape(str(user.get("Name") or user["Username"])),
                username=escape(user["Username"]),
                title=escape(str(user.get("Title") or "")),
            )
            for user in self._people()
        )
        meanings = dict.fromkeys(_MEANING.get(scope, scope) for scope in ask.scopes)
        content = _FORM.format(
            client=escape(ask.client.name),
            hidden=hidden(_CARRIED, parameters),
            problem=f'<p class="problem" role="alert">{problem}</p>' if problem else "",
            people=people,
            scopes="".join(f"<li>{escape(meaning)}</li>" for meaning in meanings),
        )
        return page(f"Allow access to {ask.client.name}?", content, 200)


_FORM = """<h1>Allow access?</h1>
<p><strong>{client}</strong> is asking to:</p>
<ul>{scopes}</ul>
<form method="post" action="/services/oauth2/authorize">
{hidden}{problem}
<fieldset><legend>Log in as</legend>
{people}</fieldset>
<p><button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></p>
</form>"""
_USER = """<label><input type="radio" name="user" value="{id}"{checked}>
<span>{name} <small>{username}</small><small>{title}</small></span></label>
"""
_ERROR = "<h1>We can't authorize you because of an OAuth error.</h1><p>error={error}&amp;error_description={text}</p>"
