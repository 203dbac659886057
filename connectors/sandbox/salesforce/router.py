"""Which resource answers which method and path. Every request runs in a transaction of its own."""

import re
from collections.abc import Callable
from typing import Final

from connectors.sandbox.salesforce import (
    bulk,
    chatter,
    composite,
    content_rest,
    record_collections,
    replication,
    rest,
    search,
    tree,
)
from connectors.sandbox.salesforce.call import Answer, Call
from connectors.sandbox.salesforce.errors import ApiError, not_found

Handler = Callable[..., Answer]


def _composite(call: Call) -> Answer:
    return composite.composite(call, dispatch)


def _batch(call: Call) -> Answer:
    return composite.batch(call, dispatch)


def _no_such_id(call: Call, name: str, text: str) -> Answer:
    """A record is asked for by something that is no id."""
    call.kind(name)
    raise not_found(f"Provided external ID field does not exist or is not accessible: {text}")


_KIND: Final = r"/sobjects/(\w+)"
_ID: Final = r"(\w{15}|\w{18})"
_ROUTES: Final[tuple[tuple[re.Pattern[str], dict[str, Handler]], ...]] = tuple(
    (re.compile(pattern, re.ASCII | re.DOTALL), handlers)
    for pattern, handlers in (
        (r"/query", {"GET": rest.query}),
        (r"/queryAll", {"GET": rest.query_all}),
        (r"/composite", {"POST": _composite}),
        (rf"{_KIND}/describe", {"GET": rest.describe_one}),
        (rf"{_KIND}/updated", {"GET": replication.updated}),
        (rf"{_KIND}/deleted", {"GET": replication.deleted}),
        (rf"{_KIND}/{_ID}", {"GET": rest.read, "PATCH": rest.update, "DELETE": rest.delete}),
        (_KIND, {"GET": rest.basic, "POST": rest.create}),
        (rf"{_KIND}/{_ID}/VersionData", {"GET": content_rest.version_data}),
        (rf"{_KIND}/(\w+)/(.+)", {"GET": rest.read_by_key, "PATCH": rest.upsert, "DELETE": rest.delete_by_key}),
        (
            rf"{_KIND}/([^/]+)",
            {"POST": rest.create_by_null_id, "GET": _no_such_id, "PATCH": _no_such_id, "DELETE": _no_such_id},
        ),
        (r"/sobjects", {"GET": rest.sobjects}),
        (r"/query(?:All)?/([^/]+)", {"GET": rest.query_more}),
        (r"/composite/batch", {"POST": _batch}),
        (r"/composite/tree/(\w+)", {"POST": tree.create_tree}),
        (
            r"/composite/sobjects",
            {
                "POST": record_collections.create,
                "PATCH": record_collections.update,
                "DELETE": record_collections.delete,
            },
        ),
        (r"/composite/sobjects/(\w+)", {"POST": record_collections.read, "GET": record_collections.read}),
        (r"/composite/sobjects/(\w+)/(\w+)", {"PATCH": record_collections.upsert}),
        (r"/jobs/query", {"GET": bulk.list_jobs, "POST": bulk.create}),
        (r"/jobs/query/(\w+)", {"GET": bulk.info, "PATCH": bulk.change, "DELETE": bulk.remove}),
        (r"/jobs/query/(\w+)/results", {"GET": bulk.results}),
        (r"/search", {"GET": search.sosl}),
        (r"/parameterizedSearch", {"GET": search.parameterized, "POST": search.parameterized}),
        (r"/(?:chatter|connect)/users/(\w+)", {"GET": chatter.user}),
        (r"/(?:chatter|connect)/feeds/record/(\w+)/feed-elements", {"GET": chatter.record_feed}),
        (r"/(?:chatter|connect)/feed-elements", {"POST": chatter.post}),
        (r"/(?:chatter|connect)/feed-elements/(\w+)", {"GET": chatter.element}),
        (r"/limits", {"GET": rest.limits}),
        (r"/recent", {"GET": rest.recent}),
        (r"/tabs", {"GET": rest.tabs}),
        (r"", {"GET": rest.root}),
    )
)


def dispatch(call: Call) -> Answer:
    """Answer one request; `call.path` begins after the version.

    Raises:
        ApiError: refused; nothing was written.
    """
    path = call.path.rstrip("/")
    method = "GET" if call.method == "HEAD" else call.method
    allowed = False
    for pattern, handlers in _ROUTES:
        match = pattern.fullmatch(path)
        if match is None:
            continue
        handler = handlers.get(method)
        if handler is not None:
            with call.org.store.transaction():
                return handler(call, *match.groups())
        allowed = True
    if allowed:
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed.")
    raise not_found()
