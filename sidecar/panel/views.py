"""The panel's page. Everything else is static files and the API."""

from typing import Final

from flask import Blueprint, Response, make_response, render_template, request

from sidecar.api.context import caller, services
from sidecar.errors import Unauthenticated

NOTICES: Final = {
    "unauthenticated": "That login was declined, took too long, or began in another browser. Try again.",
    "unavailable": "The CRM does not answer right now. Try again in a minute.",
}
"""What the login page says after a login that failed, by the problem's type."""

blueprint = Blueprint(
    "panel", __name__, template_folder="pages", static_folder="assets", static_url_path="/panel/assets"
)


@blueprint.get("/")
def index() -> Response:
    """The desk for a logged-in agent, else the way to log in.

    Raises:
        Unavailable: the sessions cannot be read.
    """
    try:
        caller()
    except Unauthenticated:
        asked = request.args.get("notice", "")
        notice = asked if asked in NOTICES else ""
        names = sorted(services().connectors)
        return make_response(render_template("login.html", installations=names, notice=notice, notices=NOTICES))
    return make_response(render_template("desk.html"))
