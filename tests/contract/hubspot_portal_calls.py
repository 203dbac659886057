"""Calls of hubspot-api-client about people, webhooks and OAuth, and refusals of every class."""

from typing import Any, Final

from tests.contract.hubspot_desk import (
    FORBIDDEN,
    INSTALLER,
    INVALID,
    MIRA,
    NOT_FOUND,
    OWNER,
    SERIAL,
    TICKET,
    USER,
    Desk,
    Refusal,
    Table,
    refusal,
)

EMEA: Final = "9120030"
STEFAN: Final = "stefan.kroll@meridian-flow.example"
NOBODY: Final = Refusal("UnauthorizedException", 401, "INVALID_AUTHENTICATION")


def pages_of_users(desk: Desk) -> tuple[int, int]:
    """All pages of users: how many, and how many different ones."""
    api = desk.key.settings.users.users_api
    found: list[str] = []
    after = "0"
    while True:
        page = api.get_page(limit=5, after=after)
        found += [one.id for one in page.results]
        if page.paging is None:
            return len(found), len(set(found))
        after = page.paging.next.after


def gone(desk: Desk) -> tuple[list[str], list[object]]:
    """An owner whose user was deactivated: among the archived ones, and no longer among the others."""
    api = desk.mira.crm.owners.owners_api
    desk.mutate("deactivate_user", user=STEFAN)
    archived = [one.email for one in api.get_page(archived=True).results if one.email == STEFAN]
    return archived, api.get_page(email=STEFAN).results


PEOPLE: Final[Table] = {
    "owners get_page": (
        lambda d: len(d.mira.crm.owners.owners_api.get_page(limit=5).results), 5,
    ),
    "owners get_all": (
        lambda d: OWNER in {one.id for one in d.mira.crm.owners.get_all()}, True,
    ),
    "owners by e-mail": (lambda d: d.mira.crm.owners.owners_api.get_page(email=MIRA).results[0].id, OWNER),
    "owners get_by_id": (
        lambda d: [team.name for team in d.mira.crm.owners.owners_api.get_by_id(int(OWNER)).teams if team.primary],
        ["Support EMEA"],
    ),
    "owners by user": (
        lambda d: d.mira.crm.owners.owners_api.get_by_id(int(USER), id_property="userId").id, OWNER,
    ),
    "owners archived": (gone, ([STEFAN], [])),
    "owners that nobody knows": (lambda d: refusal(lambda: d.mira.crm.owners.owners_api.get_by_id(7)), NOT_FOUND),
    "users get_page": (lambda d: d.key.settings.users.users_api.get_page(limit=1).results[0].email, MIRA),
    "users in pages": (lambda d: (seen := pages_of_users(d))[0] == seen[1] > 5, True),
    "users get_by_id": (
        lambda d: (found := d.key.settings.users.users_api.get_by_id(USER)).email + " " + found.primary_team_id,
        f"{MIRA} {EMEA}",
    ),
    "users by e-mail": (
        lambda d: d.key.settings.users.users_api.get_by_id(MIRA, id_property="EMAIL").id, USER,
    ),
    "users without the scope": (lambda d: refusal(d.mira.settings.users.users_api.get_page), FORBIDDEN),
    "roles": (
        lambda d: "Support Agent" in [one.name for one in d.key.settings.users.roles_api.get_all().results], True,
    ),
    "teams": (
        lambda d: USER in {one.name: one.user_ids for one in d.key.settings.users.teams_api.get_all().results}[
            "Support EMEA"], True,
    ),
    "account details": (
        lambda d: d.key.api_request({"path": "/account-info/v3/details"}).json()["portalId"], 48210377,
    ),
    "account usage": (
        lambda d: d.key.api_request({"path": "/account-info/v3/api-usage/daily/private-apps"}).json()["results"][0][
            "usageLimit"] > 0, True,
    ),
    "request of a dated version": (
        lambda d: d.mira.api_request({
            "path": f"/crm/objects/2026-03/tickets/{TICKET}", "qs": {"properties": ["region", "severity"]},
        }).json()["properties"].keys() >= {"region", "severity"}, True,
    ),
    "request with a body": (
        lambda d: d.mira.api_request({
            "path": "/crm/objects/2026-09/devices/search", "method": "POST",
            "body": {"filterGroups": [{"filters": [
                {"propertyName": "serial_number", "operator": "EQ", "value": SERIAL}]}]},
        }).json()["total"], 1,
    ),
    "request that fails": (lambda d: d.client("x").api_request({"path": "/crm/v3/owners"}).status_code, 401),
}  # fmt: skip


def hooks(desk: Desk) -> Any:  # noqa: ANN401 - see `Desk.client`
    """The webhooks API with the developer key."""
    return desk.client(api_key=desk.portal.web_client.developer_key).webhooks


def subscription(desk: Desk, kind: str = "ticket.creation", **more: object) -> Any:  # noqa: ANN401 - as above
    """A new subscription of the app."""
    wish = {"eventType": kind, "active": False, **more}
    return hooks(desk).subscriptions_api.create(desk.portal.web_client.app_id, wish)


def target(desk: Desk) -> tuple[str, int, Refusal]:
    """Settings of the app's webhooks: put, read, cleared."""
    api, app = hooks(desk).settings_api, desk.portal.web_client.app_id
    wish = {"targetUrl": "http://127.0.0.1:9/hooks", "throttling": {"maxConcurrentRequests": 5}}
    put = api.configure(app, wish).target_url
    found = api.get_all(app).throttling.max_concurrent_requests
    api.clear(app)
    return put, found, refusal(lambda: api.get_all(app))


def activated(desk: Desk) -> list[bool]:
    """Two subscriptions switched on in a batch, one switched off again."""
    api, app = hooks(desk).subscriptions_api, desk.portal.web_client.app_id
    made = [subscription(desk), subscription(desk, "ticket.propertyChange", propertyName="subject")]
    done = api.update_batch(app, {"inputs": [{"id": int(one.id), "active": True} for one in made]})
    off = api.update(int(made[0].id), app, {"active": False})
    return [*(one.active for one in done.results), off.active, api.get_by_id(int(made[1].id), app).active]


def unsubscribed(desk: Desk) -> tuple[int, int]:
    """Subscriptions before and after one was archived."""
    api, app, made = hooks(desk).subscriptions_api, desk.portal.web_client.app_id, subscription(desk)
    before = len(api.get_all(app).results)
    api.archive(int(made.id), app)
    return before, len(api.get_all(app).results)


WEBHOOKS: Final[Table] = {
    "webhook settings": (
        lambda d: (seen := target(d))[:2] == ("http://127.0.0.1:9/hooks", 5) and seen[2].status, 404,
    ),
    "webhook subscription": (lambda d: subscription(d).event_type, "ticket.creation"),
    "webhook subscription to a property": (
        lambda d: subscription(d, "contact.propertyChange", propertyName="email").property_name, "email",
    ),
    "webhook batch": (activated, [True, True, False, True]),
    "webhook archive": (unsubscribed, (1, 0)),
    "webhook nonsense": (lambda d: refusal(lambda: subscription(d, "ticket.levitation")), INVALID),
    "webhook without the key": (
        lambda d: refusal(lambda: d.client(api_key="x").webhooks.subscriptions_api.get_all(
            d.portal.web_client.app_id)),
        NOBODY,
    ),
}  # fmt: skip


def refreshed(desk: Desk) -> tuple[bool, bool]:
    """A refresh gives another access token, and the same refresh token."""
    given = desk.granted()
    again = desk.token(grant_type="refresh_token", refresh_token=given.refresh_token)
    return again.access_token != given.access_token, again.refresh_token == given.refresh_token


def about(desk: Desk) -> tuple[object, ...]:
    """What HubSpot tells of an access token."""
    given = desk.granted()
    found = desk.client().oauth.access_tokens_api.get(given.access_token)
    return found.user, found.hub_id, found.user_id, found.token_type, sorted(found.scopes)


def about_refresh(desk: Desk) -> tuple[object, ...]:
    """What HubSpot tells of a refresh token."""
    found = desk.client().oauth.refresh_tokens_api.get(desk.granted().refresh_token)
    return found.user, found.client_id == desk.portal.web_client.id, found.token_type


def given_back(desk: Desk) -> list[object]:
    """A refresh token that was archived is unknown, and refreshing is over."""
    given = desk.granted()
    api = desk.client().oauth.refresh_tokens_api
    api.archive(given.refresh_token)
    return [
        refusal(lambda: api.get(given.refresh_token)).status,
        refusal(lambda: desk.token(grant_type="refresh_token", refresh_token=given.refresh_token)).category,
    ]


def used_twice(desk: Desk) -> str:
    """A code is good once."""
    code = desk.code(scope=("oauth",))
    desk.token(grant_type="authorization_code", code=code)
    return refusal(lambda: desk.token(grant_type="authorization_code", code=code)).category


def expired(desk: Desk) -> Refusal:
    """A token whose time is over."""
    given = desk.granted(STEFAN)
    desk.mutate("expire_tokens", user=STEFAN)
    return refusal(desk.client(given.access_token).crm.tickets.basic_api.get_page)


def installed(desk: Desk) -> tuple[int, str]:
    """Tickets that an account-level app sees, whose installer sees none herself; whose token it is."""
    app = desk.portal.account_client
    assert app
    code = desk.code(INSTALLER, app, scope=("oauth", "tickets"))
    token = desk.token(app, grant_type="authorization_code", code=code).access_token
    return len(desk.client(token).crm.tickets.get_all()), desk.client().oauth.access_tokens_api.get(token).user


OAUTH: Final[Table] = {
    "oauth code": (lambda d: (d.granted().token_type, d.granted().expires_in), ("bearer", 1800)),
    "oauth token works": (
        lambda d: d.client(d.granted().access_token).crm.tickets.basic_api.get_by_id(TICKET).id, TICKET,
    ),
    "oauth account-level app": (installed, (124, INSTALLER)),
    "oauth optional scopes": (
        lambda d: sorted(d.client().oauth.access_tokens_api.get(d.token(
            grant_type="authorization_code", code=d.code(
                scope=("oauth",), optional_scope=("tickets", "settings.users.read"), state="s")).access_token).scopes),
        ["oauth", "tickets"],
    ),
    "oauth refresh": (refreshed, (True, True)),
    "oauth access token": (about, (MIRA, 48210377, int(USER), "access", ["oauth", "tickets"])),
    "oauth refresh token": (about_refresh, (MIRA, True, "refresh")),
    "oauth archive": (given_back, [404, "BAD_REFRESH_TOKEN"]),
    "oauth bad code": (
        lambda d: refusal(lambda: d.token(grant_type="authorization_code", code="guess")),
        Refusal("ApiException", 400, "BAD_AUTH_CODE"),
    ),
    "oauth code twice": (used_twice, "BAD_AUTH_CODE"),
    "oauth bad secret": (
        lambda d: refusal(lambda: d.token(
            grant_type="authorization_code", code=d.code(scope=("oauth",)), client_secret="x")).category,
        "BAD_CLIENT_SECRET",
    ),
    "oauth another redirect": (
        lambda d: refusal(lambda: d.token(
            grant_type="authorization_code", code=d.code(scope=("oauth",)),
            redirect_uri="http://localhost:1717/callback")).category,
        "MISMATCH_REDIRECT_URI_AUTH_CODE",
    ),
    "oauth unknown token": (lambda d: refusal(lambda: d.client().oauth.access_tokens_api.get("x")).status, 404),
    "oauth expired token": (expired, Refusal("UnauthorizedException", 401, "EXPIRED_AUTHENTICATION")),
}  # fmt: skip


def locked(desk: Desk) -> list[object]:
    """A ticket that somebody holds cannot be written, once."""
    desk.mutate("lock", object="tickets", id=TICKET, times=1)
    update = desk.mira.crm.tickets.basic_api.update
    refused = refusal(lambda: update(TICKET, {"properties": {"region": "EMEA"}})).status
    return [refused, update(TICKET, {"properties": {"region": "EMEA"}}).id]


def broken(desk: Desk, status: int) -> Refusal:
    """A bad day of HubSpot's, met by a POST, which the client does not repeat."""
    desk.sandbox.control.fault("status", status=status, path="/search$")
    return refusal(lambda: desk.mira.crm.tickets.search_api.do_search({"filterGroups": []}))


REFUSALS: Final[Table] = {
    "a locked record": (locked, [423, TICKET]),
    "a failure": (lambda d: broken(d, 500), Refusal("ServiceException", 500, "INTERNAL_ERROR")),
    "a busy network": (lambda d: broken(d, 477).status, 477),
    "no token": (lambda d: refusal(d.client().crm.tickets.basic_api.get_page), NOBODY),
    "a token of nobody": (lambda d: refusal(d.client("x").crm.contacts.basic_api.get_page), NOBODY),
    "an unknown number": (lambda d: refusal(lambda: d.key.crm.tickets.basic_api.get_by_id("99")), NOT_FOUND),
    "no number": (
        lambda d: refusal(lambda: d.key.crm.tickets.basic_api.get_by_id("x-1")),
        Refusal("NotFoundException", 404, "OBJECT_NOT_FOUND"),
    ),
    "an unknown type": (lambda d: refusal(lambda: d.key.crm.objects.basic_api.get_page("boats")), INVALID),
    "a page too long": (lambda d: refusal(lambda: d.key.crm.tickets.basic_api.get_page(limit=101)), INVALID),
    "an unknown property": (
        lambda d: refusal(lambda: d.key.crm.tickets.basic_api.update(TICKET, {"properties": {"nope": "x"}})), INVALID,
    ),
    "a read-only property": (
        lambda d: refusal(lambda: d.key.crm.tickets.basic_api.update(TICKET, {"properties": {"hs_object_id": "1"}})),
        INVALID,
    ),
    "no option": (
        lambda d: refusal(lambda: d.key.crm.tickets.basic_api.update(
            TICKET, {"properties": {"hs_ticket_priority": "SOMEDAY"}})),
        INVALID,
    ),
    "no stage": (
        lambda d: refusal(lambda: d.key.crm.tickets.basic_api.create({"properties": {"subject": "x"}})), INVALID,
    ),
    "no e-mail": (
        lambda d: refusal(lambda: d.key.crm.contacts.basic_api.create({"properties": {"email": "nobody"}})), INVALID,
    ),
    "merged with itself": (
        lambda d: refusal(lambda: d.key.crm.tickets.basic_api.merge({
            "primaryObjectId": TICKET, "objectIdToMerge": TICKET})), INVALID,
    ),
    "a scope that went": (
        lambda d: (d.mutate("revoke_scope", scope="crm.objects.contacts.read", user=MIRA),
                   refusal(d.mira.crm.contacts.basic_api.get_page))[1],
        FORBIDDEN,
    ),
    "a right that she lacks": (
        lambda d: (d.mutate("set_permission", user=MIRA, object="tickets", edit="none"),
                   refusal(lambda: d.mira.crm.tickets.basic_api.update(TICKET, {"properties": {"subject": "x"}})))[1],
        Refusal("ForbiddenException", 403, "MISSING_PERMISSIONS"),
    ),
}  # fmt: skip
