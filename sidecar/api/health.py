"""For the platform: is the process alive, can it serve, and its figures. No login, no content."""

from http import HTTPStatus

from flask import Blueprint, Response

from sidecar import metrics
from sidecar.api.context import services
from sidecar.api.models import HealthOut
from sidecar.api.routes import Reply, Route
from sidecar.errors import SidecarError

blueprint = Blueprint("metrics", __name__)


def healthz() -> HealthOut:
    """The process answers."""
    return HealthOut(status="ok")


def readyz() -> Reply:
    """Every part that a draft needs works. The index may be down: drafts then say so and go on without it."""
    parts: dict[str, str] = {}
    checks = {"audit": services().audit.ping, "embedder": _embed, "index": services().vectors.ping}
    for name, check in checks.items():
        try:
            check()
        except SidecarError:
            parts[name] = "down"
        else:
            parts[name] = "ok"
    ready = all(state == "ok" for name, state in parts.items() if name != "index")
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Reply(HealthOut(status="ok" if ready else "down", parts=parts), status)


@blueprint.get("/metrics")
def figures() -> Response:
    """Prometheus exposition format."""
    return Response(metrics.text(), mimetype="text/plain; version=0.0.4")


def _embed() -> None:
    services().embedder.embed(["ready"])


ROUTES = (
    Route("GET", "/healthz", healthz, "Is the process alive", HealthOut, public=True),
    Route("GET", "/readyz", readyz, "Can it serve", HealthOut, public=True),
)
