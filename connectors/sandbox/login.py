"""A user at the consent page without a browser, and the whole web-server flow, at either vendor."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

from connectors.sandbox.wire import JSON, Refused

if TYPE_CHECKING:
    from connectors.sandbox.client import SandboxClient

_TIMEOUT: Final = 30


def consent(authorize_url: str, user: str, *, verify: str | bool = True, allow: bool = True) -> str:
    """Do at the consent page what a person would: choose a user (id or username), press Allow or Deny.

    Args:
        authorize_url: where the app sent the browser.
        user: id or username.
        verify: CA file for an https address.
        allow: press Allow, else Deny.

    Returns:
        The address that the browser is sent back to, with `code` and `state` or with `error`.

    Raises:
        Refused: the page shows an error instead of a form.
    """
    with requests.Session() as http:
        http.trust_env = False
        page = http.get(authorize_url, verify=verify, timeout=_TIMEOUT, allow_redirects=False)
        if page.is_redirect:
            return page.headers["location"]
        form = _Form()
        form.feed(page.text)
        if not form.action:
            raise Refused("the consent page shows an error")
        fields = form.fields | {"user": user, "decision": "allow" if allow else "deny"}
        target = urljoin(authorize_url, form.action)
        answer = http.post(target, data=fields, verify=verify, timeout=_TIMEOUT, allow_redirects=False)
    if not answer.is_redirect:
        raise Refused("the consent page did not accept the user")
    return answer.headers["location"]


def log_in(
    base_url: str,
    client: "SandboxClient",
    user: str,
    *,
    verify: str | bool = True,
    scope: str = "",
    vendor: str = "",
) -> JSON:
    """The whole web-server flow for one user; the token endpoint's answer.

    Args:
        base_url: of the org or portal.
        client: of that org or portal.
        user: id or username.
        verify: CA file for an https address.
        scope: "" asks for what the connectors need, of a HubSpot user as far as she may give it.
        vendor: "salesforce" or "hubspot"; "" goes by the client: only HubSpot's have an app id.

    Raises:
        Refused: the consent page or the token endpoint refused.
    """
    flow = _FLOWS[vendor or ("hubspot" if client.app_id else "salesforce")]
    redirect_uri = f"http://127.0.0.1:1{client.redirect_paths[0]}"
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    ask = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "scope": scope or flow.scope,
        "optional_scope": "" if scope else flow.optional,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    query = urlencode({name: value for name, value in ask.items() if value})
    back = consent(f"{base_url}{flow.authorize}?{query}", user, verify=verify)
    code = parse_qs(urlsplit(back).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": client.id,
        "code_verifier": verifier,
    }
    if client.secret:
        form["client_secret"] = client.secret
    with requests.Session() as http:
        http.trust_env = False
        reply = http.post(f"{base_url}{flow.token}", data=form, verify=verify, timeout=_TIMEOUT)
    token: JSON = reply.json()
    if "access_token" not in token:
        raise Refused(f"the token endpoint refused: {token.get('error', reply.status_code)}")
    return token


@dataclass(frozen=True, slots=True)
class _Flow:
    """Where a vendor keeps its OAuth, and what is asked for by default."""

    authorize: str
    token: str
    scope: str
    optional: str = ""


_FLOWS: Final = {
    "salesforce": _Flow("/services/oauth2/authorize", "/services/oauth2/token", "api refresh_token openid"),
    "hubspot": _Flow(
        "/oauth/authorize",
        "/oauth/2026-03/token",
        "oauth crm.objects.owners.read",
        "tickets crm.objects.contacts.read crm.objects.contacts.write crm.objects.companies.read crm.objects.deals.read"
        " crm.objects.custom.read sales-email-read",
    ),
}


class _Form(HTMLParser):
    """The address and the hidden fields of the first form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = values["action"]
        elif tag == "input" and values.get("type") == "hidden":
            self.fields[values["name"]] = values.get("value", "")
