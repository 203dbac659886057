"""The panel's page. Everything else is static files and the API."""

from flask import Blueprint, Response, make_response, render_template

from sidecar.api.context import caller, services
from sidecar.errors import Unauthenticated

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
        return make_response(render_template("login.html", installations=sorted(services().connectors)))
    return make_response(render_template("desk.html"))
