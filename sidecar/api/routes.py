"""One table entry per route: the Flask view and the OpenAPI operation are made from the same line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, g, jsonify, make_response, request
from pydantic import BaseModel, ValidationError

from sidecar.errors import Invalid

MAX_BODY = 256 * 1024
"""Bytes of a request body; no request of ours needs more."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a view returns when a plain model is not enough."""

    body: BaseModel
    status: int = HTTPStatus.OK
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """`path` in Flask's syntax. `takes` is the JSON body's model, handed to the view as its last argument.

    `streams`: it can answer with Server-Sent Events as well.
    """

    method: str
    path: str
    view: Callable[..., BaseModel | Reply | Response]
    summary: str
    gives: type[BaseModel]
    takes: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: int = HTTPStatus.OK
    if_match: bool = False
    streams: bool = False
    public: bool = False


def register(blueprint: Blueprint, routes: Sequence[Route]) -> None:
    """Add every route to the blueprint."""
    for route in routes:
        blueprint.add_url_rule(route.path, endpoint=route.view.__name__, view_func=_view(route), methods=[route.method])


def _view(route: Route) -> Callable[..., Response]:
    def call(**path: str) -> Response:
        extra: list[BaseModel] = []
        if route.query is not None:
            extra.append(_parse(route.query, request.args.to_dict()))
        if route.takes is not None:
            extra.append(_parse(route.takes, _json()))
        result = route.view(*path.values(), *extra)
        if isinstance(result, Response):
            return result
        reply = result if isinstance(result, Reply) else Reply(result, route.status)
        response = make_response(jsonify(reply.body.model_dump(mode="json")), reply.status)
        if reply.etag:
            response.set_etag(reply.etag)
        return response

    return call


def _json() -> Any:  # noqa: ANN401 - the model decides
    if not request.is_json:
        raise Invalid("Send a JSON body with Content-Type: application/json.")
    try:
        return request.get_json(silent=True)
    except RecursionError:
        # Brackets nested deeper than the parser goes.
        return None


def _parse(model: type[BaseModel], values: Any) -> BaseModel:  # noqa: ANN401 - the model decides
    try:
        return model.model_validate(values)
    except ValidationError as error:
        # Names of our own and pydantic's words for our rules only: an input may hold what must not be echoed.
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        unknown = first["type"] == "extra_forbidden"
        if first["type"] == "string_pattern_mismatch":
            first["msg"] = "it has the wrong form"
        where = ".".join(str(part) for part in first["loc"][: -1 if unknown else None]) or "request"
        said = "it has a field that is not known here" if unknown else f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        raise Invalid(f"Check {where}: {said}.", field=where) from None


def if_match() -> str:
    """The digest that the caller was shown.

    Raises:
        Invalid: the header is missing or a wildcard: a blind apply is not possible.
    """
    tags = list(request.if_match)
    if len(tags) != 1 or request.if_match.star_tag:
        raise Invalid("Send If-Match with the digest of the draft you were shown.", header="If-Match")
    return str(tags[0])


def request_id() -> str:
    """The id of the running request, as in the log and in X-Request-Id."""
    return str(getattr(g, "request_id", ""))
