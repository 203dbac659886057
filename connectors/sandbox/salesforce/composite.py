"""Several requests in one: `composite`, with references and rollback, and `composite/batch`."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from connectors.sandbox.salesforce.call import Answer, Call, check_version, flag, listed, object_of
from connectors.sandbox.salesforce.errors import ApiError, bad_input
from connectors.sandbox.salesforce.values import Json

MAX_SUBREQUESTS: Final = 25
MAX_HEAVY: Final = 5
_FORBIDDEN_HEADERS: Final = frozenset({"accept", "authorization", "content-type"})
_METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_URL = re.compile(r"/?(?:services/data/)?(v\d{1,3}\.\d)(/.*)", re.ASCII)
_HEAVY = re.compile(r"/(?:query|queryAll|composite/sobjects)(?:[/?]|$)", re.ASCII)
_ALONE = re.compile(r"/(?:jobs(?:/.*)?|sobjects/\w+/\w+/VersionData)/?", re.ASCII | re.IGNORECASE)
"""Resources that answer with bytes or on their own time, and so not inside another request."""
_REFERENCE = re.compile(r"@\{([^{}]*)\}")
_NAME = re.compile(r"\w+", re.ASCII)
_STEP = re.compile(r"\.?(\w+)|\[(\d{1,6})\]", re.ASCII)
_HALTED: Final = "The transaction was rolled back since another operation in the same transaction failed."
_SHOWN_HEADERS: Final = ("ETag", "Last-Modified", "Location")
Dispatch = Callable[[Call], Answer]


class _RollbackError(Exception):
    """Leaves a transaction that must leave no trace."""


def composite(call: Call, dispatch: Dispatch) -> Answer:
    """`POST composite`: up to 25 requests in order, each able to use results of earlier ones; always 200."""
    body = call.json_object()
    parts = [object_of(item) for item in listed(body, "compositeRequest", MAX_SUBREQUESTS)]
    names = [str(part.get("referenceId") or "") for part in parts]
    if not all(map(_NAME.fullmatch, names)) or len(set(names)) != len(names):
        raise bad_input("Every subrequest needs a referenceId of its own, of letters, digits and underscores")
    if sum(bool(_HEAVY.match(_split(str(part.get("url")))[1])) for part in parts) > MAX_HEAVY:
        raise ApiError(
            400, "LIMIT_EXCEEDED", f"A composite request may hold {MAX_HEAVY} queries and collections at most"
        )
    all_or_none = flag(body.get("allOrNone", False))
    answers: list[Answer] = []
    results: dict[str, object] = {}
    try:
        with call.org.store.transaction():
            for name, part in zip(names, parts, strict=True):
                answers.append(_run(call, part, results, dispatch))
                _go_on(answers[-1], all_or_none=all_or_none)
                results[name] = answers[-1].body if _ok(answers[-1]) else None
    except _RollbackError:
        halted = Answer(400, ApiError(400, "PROCESSING_HALTED", _HALTED).body())
        answers = [*(halted for _ in answers[:-1]), answers[-1], *(halted for _ in parts[len(answers) :])]
    return Answer(
        200,
        {
            "compositeResponse": [
                {
                    "body": answer.body,
                    "httpHeaders": {key: answer.headers[key] for key in _SHOWN_HEADERS if key in answer.headers},
                    "httpStatusCode": answer.status,
                    "referenceId": name,
                }
                for name, answer in zip(names, answers, strict=True)
            ]
        },
    )


def batch(call: Call, dispatch: Dispatch) -> Answer:
    """`POST composite/batch`: up to 25 independent requests."""
    body = call.json_object()
    parts = [object_of(item) for item in listed(body, "batchRequests", MAX_SUBREQUESTS)]
    halt = flag(body.get("haltOnError", False))
    results: list[Json] = []
    failed = False
    for part in parts:
        if failed and halt:
            error = ApiError(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")
            answer = Answer(412, error.body())
        else:
            answer = _run(call, {**part, "body": part.get("richInput")}, {}, dispatch)
        failed = failed or not _ok(answer)
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(200, {"hasErrors": failed, "results": results})


def _go_on(answer: Answer, *, all_or_none: bool) -> None:
    if all_or_none and not _ok(answer):
        raise _RollbackError


def _run(call: Call, part: Json, results: Mapping[str, object], dispatch: Dispatch) -> Answer:
    """One subrequest. It never raises: a refusal is its answer."""
    try:
        url = str(_replaced(str(part.get("url") or ""), results, text=True))
        version, path = _split(url)
        check_version(version[1:])
        parts = urlsplit(path)
        if _ALONE.fullmatch(parts.path):
            raise bad_input("This resource is not available inside a composite request")
        method, headers = _method(part), _headers(part)
        body = _replaced(part.get("body"), results)
        subcall = replace(
            call,
            version=version,
            method=method,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            query_string=parts.query,
            headers=headers,
            body=b"" if body is None else json.dumps(body).encode(),
        )
        return dispatch(subcall)
    except ApiError as error:
        return Answer(error.status, error.body())
    except ValueError:
        return Answer(400, bad_input("The url of a subrequest cannot be read").body())


def _method(part: Json) -> str:
    method = str(part.get("method") or "")
    if method not in _METHODS:
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed.")
    return method


def _headers(part: Json) -> dict[str, str]:
    headers = {str(key).lower(): str(value) for key, value in object_of(part.get("httpHeaders") or {}).items()}
    if _FORBIDDEN_HEADERS & headers.keys():
        raise bad_input("A subrequest may not set Accept, Authorization or Content-Type")
    return headers


def _split(url: str) -> tuple[str, str]:
    """The version and the rest of a subrequest's URL.

    Raises:
        ApiError: it does not lead to the REST API.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise bad_input("The url of a subrequest must begin with /services/data/vXX.X/")
    return match[1], match[2]


def _replaced(value: object, results: Mapping[str, object], *, text: bool = False) -> object:
    """`value` with every `@{ref.path}` replaced; a text that is nothing but one reference takes the value's type."""
    if isinstance(value, dict):
        return {key: _replaced(item, results) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, results) for item in value]
    if not isinstance(value, str) or "@{" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole is not None and not text:
        return _looked_up(whole[1], results)
    return _REFERENCE.sub(lambda match: str(_looked_up(match[1], results)), value)


def _looked_up(path: str, results: Mapping[str, object]) -> object:
    name, _, rest = path.partition(".")
    name, bracket, index = name.partition("[")
    rest = f"{bracket}{index}.{rest}" if bracket else rest
    found: object = results.get(name)
    for step in _STEP.finditer(rest):
        if step[1] is not None:
            found = found.get(step[1]) if isinstance(found, dict) else None
        else:
            found = found[int(step[2])] if isinstance(found, list) and int(step[2]) < len(found) else None
    if found is None or isinstance(found, dict | list):
        text = f"Invalid reference specified. No value for {path} found in {name}. "
        raise ApiError(400, "PROCESSING_HALTED", text)
    return found


def _ok(answer: Answer) -> bool:
    return answer.status < 400  # noqa: PLR2004 - 300 and 304 are answers, not failures
