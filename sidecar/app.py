"""create_app(): the only place that builds adapters and hands them on as one frozen `Services`."""

import gc
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from flask import Blueprint, Flask, Response

from connectors.errors import ConnectorError
from connectors.interfaces import Connector, Limiter, TokenStore
from connectors.registry import connector_class
from sidecar import logs
from sidecar.adapters.chroma import ChromaStore
from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.onnx import OnnxEmbedder
from sidecar.adapters.sql import (
    SqlAuditLog,
    SqlCheckpoints,
    SqlDraftStore,
    SqlFeedback,
    SqlLimiter,
    SqlOpenFields,
    SqlSessions,
    SqlTokenStore,
    open_database,
)
from sidecar.api import health, openapi, problems, routes, session
from sidecar.errors import Misconfigured
from sidecar.interfaces import (
    AuditLog,
    CheckpointStore,
    DraftStore,
    FeedbackStore,
    KeyRing,
    OpenFields,
    Reasoner,
    Services,
    SessionStore,
)
from sidecar.panel.views import blueprint as panel
from sidecar.policy import Policy
from sidecar.settings import Installation, Settings
from sidecar.templates import TemplateSet

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Stores:
    """What survives a restart, without the index and the model: all that `audit verify` and `purge` need."""

    keys: KeyRing
    tokens: TokenStore
    drafts: DraftStore
    audit: AuditLog
    sessions: SessionStore
    checkpoints: CheckpointStore
    limiter: Limiter
    feedback: FeedbackStore
    open_fields: OpenFields


def open_stores(settings: Settings, *, create: bool = True) -> Stores:
    """Open the database and the key ring; `create=False` for tools that look after what a server has made.

    Raises:
        Misconfigured, Unavailable: say which part and what to do.
    """
    settings.check()
    if not create and not settings.keys().exists():
        raise Misconfigured(
            f"There is no sidecar's state in {settings.state_dir}: set CRM_SIDECAR_STATE_DIR to its folder."
        )
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = LocalKeyRing(settings.keys())
    engine = open_database(settings.database())
    return Stores(
        keys=keys,
        tokens=SqlTokenStore(engine, keys),
        drafts=SqlDraftStore(engine, keys, Policy.load(settings.config_dir).retention),
        audit=SqlAuditLog(engine, keys),
        sessions=SqlSessions(engine, keys),
        checkpoints=SqlCheckpoints(engine),
        limiter=SqlLimiter(engine),
        feedback=SqlFeedback(engine),
        open_fields=SqlOpenFields(engine),
    )


def build_services(settings: Settings) -> Services:
    """Open everything that the settings name.

    Raises:
        Misconfigured, Unavailable: say which part and what to do.
    """
    stores = open_stores(settings)
    reasoner, fallback = _reasoners(settings)
    return Services(
        connectors={name: _connect(found, stores) for name, found in settings.installations().items()},
        tokens=stores.tokens,
        embedder=OnnxEmbedder(settings.model_dir, precision=settings.precision, threads=settings.embed_threads),
        vectors=ChromaStore(settings.chroma()),
        keys=stores.keys,
        reasoner=reasoner,
        fallback=fallback,
        drafts=stores.drafts,
        audit=stores.audit,
        sessions=stores.sessions,
        checkpoints=stores.checkpoints,
        feedback=stores.feedback,
        open_fields=stores.open_fields,
        policy=Policy.load(settings.config_dir),
        templates=TemplateSet.load(settings.templates_dir),
        clock=lambda: datetime.now(UTC),
        apply_lease=settings.apply_lease(),
    )


def create_app(settings: Settings, services: Services | None = None) -> Flask:
    """The WSGI application. `services` is given by tests that bring their own."""
    app = Flask("sidecar", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = routes.MAX_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider; sections have an order
    app.extensions["crm-sidecar"] = services or build_services(settings)
    app.extensions["crm-sidecar-settings"] = settings
    logs.register(app)
    problems.register(app)
    api = Blueprint("api", __name__)
    routes.register(api, openapi.ROUTES)
    for blueprint in (api, health.blueprint, session.browser, panel):
        app.register_blueprint(blueprint)
    app.add_url_rule("/v1/openapi.yaml", view_func=_openapi)
    app.after_request(_harden)
    gc.freeze()  # what was built lives as long as the process: no need to look at it again
    return app


def _reasoners(settings: Settings) -> tuple[Reasoner, Reasoner | None]:
    """Who writes, and who takes over when that one fails."""
    extractive = ExtractiveReasoner()
    if not settings.llm_url:
        return extractive, None
    from sidecar.adapters.openai import Endpoint, OpenAIReasoner  # noqa: PLC0415 - its client takes a second to import

    return OpenAIReasoner(Endpoint.of(settings)), extractive


def _connect(installation: Installation, stores: Stores) -> Connector:
    connector = connector_class(installation.crm)
    try:
        return connector(tokens=stores.tokens, limiter=stores.limiter, **installation.options())
    except ConnectorError as error:
        raise Misconfigured(f"An installation cannot be used: {error}. `crm-sidecar doctor` says which.") from error


def _openapi() -> Response:
    return Response(openapi.text(version("crm-sidecar")), mimetype="application/yaml")


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CSP)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    return response
