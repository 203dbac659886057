"""Structured logs: one JSON line per event, with the request's id. No URL queries, no bodies, no messages of others."""

import logging
import sys
from time import perf_counter
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

QUIET = (
    "urllib3",
    "requests",
    "simple_salesforce",
    "authlib",
    "chromadb",
    "werkzeug",
    "openai",
    "httpx2",
    "httpcore2",
)
"""Libraries that would log addresses or bodies."""


def configure(level: int = logging.INFO) -> None:
    """Send structlog to stderr as JSON, and silence libraries that would log URLs or bodies."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def register(app: Flask) -> None:
    """Give every request an id, and log its route (never its address), status and time."""
    log = structlog.get_logger()

    @app.before_request
    def start() -> None:
        g.request_id = uuid4().hex
        g.started = perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        rule = request.url_rule.rule if request.url_rule else "-"
        ms = round((perf_counter() - g.get("started", perf_counter())) * 1000, 1)
        log.info("request", method=request.method, route=rule, status=response.status_code, ms=ms)
        return response
