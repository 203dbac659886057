"""The authorization page: which account, which user, which scopes; then the browser goes back with a code.

The page keeps nothing on the server: its form carries the app's parameters, and the POST checks them again. So a test
or the demo can consent over plain HTTP by posting the form with `user` (id or e-mail) and `decision`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from connectors.sandbox.forms import form_fields, hidden, redirect
from connectors.sandbox.hubspot.oauth.apps import SCOPES, App
from connectors.sandbox.hubspot.oauth.grants import Approval, Grants, OAuthFailure
from connectors.sandbox.hubspot.oauth.people import People, Person
from connectors.sandbox.page import page
from connectors.sandbox.wire import Request, Response

_CARRIED: Final = (
    "client_id",
    "redirect_uri",
    "scope",
    "optional_scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
_CHALLENGE_LENGTH: Final = 43


class _CannotConnect(Exception):
    """Shown on HubSpot's own page and never sent to the app."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """A valid authorization request."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    optional: tuple[str, ...]
    challenge: str


class ConsentPage:
    """GET shows the page, POST decides."""

    def __init__(self, people: People, grants: Grants) -> None:
        self._people = people
        self._grants = grants

    def handler(self, portal_id: str) -> Callable[[Request], Response]:
        """The page under `/oauth/{portal_id}/authorize`; "" is the address without an account."""
        return lambda request: self._respond(request, portal_id)

    def _respond(self, request: Request, portal_id: str) -> Response:
        posted = request.method == "POST"
        fields = form_fields(request.body) if posted else {}
        parameters = {**request.query, **fields}
        try:
            if portal_id not in {"", self._people.hub_id}:
                raise _CannotConnect("You don't have access to this account.")  # noqa: TRY301 - one page shows all
            ask = self._check(parameters)
            if not posted or "decision" not in fields:
                return self._show(ask, parameters)
            back = {"state": parameters["state"]} if "state" in parameters else {}
            if fields["decision"] != "allow":
                denied = {"error": "access_denied", "error_description": "The user denied access to the app"}
                return redirect(ask.redirect_uri, denied | back)
            person = self._people.person(fields.get("user", ""))
            if person is None or not person.active:
                return self._show(ask, parameters, "Choose the user to connect as.")
            approval = Approval(ask.app, person.id, self._granted(ask, person), ask.redirect_uri, ask.challenge)
            return redirect(ask.redirect_uri, {"code": self._grants.approve(approval), **back})
        except _CannotConnect as problem:
            return page("Couldn't complete the connection", _ERROR.format(text=escape(str(problem))), 400)

    def _check(self, parameters: Mapping[str, str]) -> _Ask:
        try:
            app = self._grants.app(parameters.get("client_id", ""))
        except OAuthFailure:
            raise _CannotConnect(
                "Authorization failed because the client_id is not known. Please contact the app developer."
            ) from None
        redirect_uri = parameters.get("redirect_uri", "")
        if not app.accepts(redirect_uri):
            raise _CannotConnect(
                "Authorization failed because the redirect URL doesn't match the app's registered URL."
            )
        scopes = tuple(dict.fromkeys(parameters.get("scope", "").split()))
        optional = tuple(name for name in dict.fromkeys(parameters.get("optional_scope", "").split()))
        if not scopes:
            raise _CannotConnect("Authorization failed because no scopes were provided.")
        if unknown := {*scopes, *optional} - SCOPES.keys():
            raise _CannotConnect(f"Authorization failed because these scopes don't exist: {', '.join(sorted(unknown))}")
        challenge = parameters.get("code_challenge", "")
        if challenge and (
            parameters.get("code_challenge_method", "S256") != "S256" or len(challenge) != _CHALLENGE_LENGTH
        ):
            raise _CannotConnect("Authorization failed because the code challenge must be S256.")
        return _Ask(app, redirect_uri, scopes, optional, challenge)

    def _granted(self, ask: _Ask, person: Person) -> tuple[str, ...]:
        """The scopes that a user can give: all that are required, and of the optional ones those she has."""
        if not ask.app.user_level and not (person.super_admin or person.marketplace):
            raise _CannotConnect("You need Super Admin or HubSpot Marketplace access permissions to connect this app.")
        if lacking := [name for name in ask.scopes if not person.may_grant(name, user_level=ask.app.user_level)]:
            raise _CannotConnect(
                f"You or your account don't have access to the scopes this app needs: {', '.join(lacking)}."
            )
        given = [name for name in ask.optional if person.may_grant(name, user_level=ask.app.user_level)]
        return tuple(dict.fromkeys([*ask.scopes, *given]))

    def _show(self, ask: _Ask, parameters: Mapping[str, str], problem: str = "") -> Response:
        people = "".join(
            _USER.format(id=escape(one.id), name=escape(one.name), email=escape(one.email), role=escape(one.role))
            for one in self._people.everybody()
            if one.active
        )
        meanings = dict.fromkeys(SCOPES[scope].meaning for scope in (*ask.scopes, *ask.optional))
        content = _FORM.format(
            app=escape(ask.app.name),
            portal=escape(f"{self._people.portal_name} ({self._people.hub_id})"),
            rights="your own permissions" if ask.app.user_level else "the whole account",
            hidden=hidden(_CARRIED, parameters),
            problem=f'<p class="problem" role="alert">{problem}</p>' if problem else "",
            people=people,
            scopes="".join(f"<li>{escape(meaning)}</li>" for meaning in meanings),
        )
        return page(f"Connect {ask.app.name}?", content, 200)


_FORM: Final = """<h1>Connect {app}?</h1>
<p>Account: <strong>{portal}</strong>. The app works with {rights} and is asking to:</p>
<ul>{scopes}</ul>
<form method="post" action="/oauth/authorize">
{hidden}{problem}
<fieldset><legend>Connect as</legend>
{people}</fieldset>
<p><button name="decision" value="allow">Connect app</button> <button name="decision" value="deny">Cancel</button></p>
</form>"""
_USER: Final = """<label><input type="radio" name="user" value="{id}">
<span>{name} <small>{email}</small><small>{role}</small></span></label>
"""
_ERROR: Final = '<h1>Couldn\'t complete the connection</h1><p class="problem" role="alert">{text}</p>'
