"""The OpenAPI 3.1 document, generated from the route table; `crm-sidecar openapi` prints it, a test diffs it."""

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sidecar.api import drafts, health, records, session, sync
from sidecar.api.routes import Route

ROUTES: tuple[Route, ...] = (*session.ROUTES, *records.ROUTES, *drafts.ROUTES, *sync.ROUTES, *health.ROUTES)
REF = "#/components/schemas/{model}"


def document(version: str) -> dict[str, Any]:
    """The whole document."""
    schemas = _schemas(ROUTES)
    schemas["Problem"] = {
        "description": "RFC 9457. `type` is stable; `detail` says what to do next, `request` is for the administrator.",
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "examples": ["urn:crm-sidecar:problem:moved-on"]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "request": {"type": "string"},
            "rule": {"type": "string", "description": "The policy rule that refused."},
        },
    }
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(re.sub(r"<(\w+)>", r"{\1}", route.path), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "crm-sidecar",
            "version": version,
            "description": "Private AI beside a CRM: draft first, apply on one click.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-crm-sidecar"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{"session": []}, {"bearer": []}],
    }


def text(version: str) -> str:
    """The document as YAML."""
    return yaml.safe_dump(document(version), sort_keys=False, allow_unicode=True, width=120)


def _schemas(routes: Iterable[Route]) -> dict[str, Any]:
    gives: list[tuple[type[BaseModel], Any]] = [(route.gives, "serialization") for route in routes]
    takes: list[tuple[type[BaseModel], Any]] = [(route.takes, "validation") for route in routes if route.takes]
    _, definitions = models_json_schema([*gives, *takes], ref_template=REF)
    found: dict[str, Any] = definitions["$defs"]
    return found


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.view.__name__,
        "summary": route.summary,
        "description": (route.view.__doc__ or "").strip(),
        "parameters": _parameters(route),
        "responses": {
            str(int(route.status)): _content(route.gives.__name__, "application/json", route.summary),
            "default": _content("Problem", "application/problem+json", "A problem; nothing was written"),
        },
    }
    if route.streams:
        operation["responses"][str(int(HTTPStatus.OK))] = {
            "description": "Events `progress` ({step, count}), then one `draft` or `problem`",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    if route.takes:
        operation["requestBody"] = {
            "required": True,
            **_content(route.takes.__name__, "application/json", "", described=False),
        }
    if route.public:
        operation["security"] = []
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"<(\w+)>", route.path)
    ]
    query = [
        {"name": name, "in": "query", "required": name in _required(route.query), "schema": schema}
        for name, schema in (route.query.model_json_schema()["properties"].items() if route.query else ())
    ]
    header = {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The digest of the draft that was shown.",
        "schema": {"type": "string"},
    }
    return [*path, *query, *([header] if route.if_match else [])]


def _required(model: type[BaseModel] | None) -> Sequence[str]:
    return model.model_json_schema().get("required", ()) if model else ()


def _content(model: str, media: str, description: str, *, described: bool = True) -> dict[str, Any]:
    content = {"content": {media: {"schema": {"$ref": REF.format(model=model)}}}}
    return {"description": description, **content} if described else content
