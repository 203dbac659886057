"""The control plane: what a test or the demo may do behind the users' backs. On a port of its own, JSON in and out."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.sandbox.server import Sandbox
from connectors.sandbox.wire import JSON, Refused, Relaying

_Handler = Callable[[Request], Awaitable[JSONResponse]]


def control_app(sandbox: Sandbox) -> Starlette:
    """The routes of the control plane. An impossible wish is answered 400 `{"error": why}`."""
    plane = _Plane(sandbox)
    routes = [
        Route("/", plane.about),
        Route("/health", plane.health),
        Route("/reset", plane.reset, methods=["POST"]),
        Route("/snapshots/{name}", plane.save, methods=["PUT"]),
        Route("/snapshots/{name}/restore", plane.restore, methods=["POST"]),
        Route("/clock", plane.clock),
        Route("/clock", plane.move_clock, methods=["POST"]),
        Route("/requests", plane.requests),
        Route("/requests", plane.clear_requests, methods=["DELETE"]),
        Route("/invariants", plane.invariants),
        Route("/faults", plane.faults),
        Route("/faults", plane.add_fault, methods=["POST"]),
        Route("/faults", plane.clear_faults, methods=["DELETE"]),
        Route("/faults/{id:int}", plane.remove_fault, methods=["DELETE"]),
        Route("/orgs/{org}/users", plane.users),
        Route("/orgs/{org}/records/{object}", plane.records),
        Route("/orgs/{org}/counts/{object}/{field}", plane.counts),
        Route("/orgs/{org}/mutations/{name}", plane.mutate, methods=["POST"]),
        Route("/orgs/{org}/relay", plane.relay, methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={Refused: _refused})


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 400)


async def _document(request: Request) -> JSON:
    """The JSON object of a request's body; an empty body is an empty object."""
    body = await request.body()
    try:
        document: Any = json.loads(body or b"{}")
    except ValueError:
        raise Refused("the body is not JSON") from None
    if not isinstance(document, dict):
        raise Refused("the body must be a JSON object")
    return document


def _since(request: Request) -> tuple[int, str]:
    """The number after which to look, and the org to look at ("": all)."""
    since = request.query_params.get("since", "0")
    if not since.isdecimal():
        raise Refused("`since` must be a sequence number")
    return int(since), request.query_params.get("org", "")


class _Plane:
    """One method per route."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def about(self, _request: Request) -> JSONResponse:
        """The same document that the process prints when it is ready."""
        return JSONResponse(self._sandbox.about)

    async def health(self, _request: Request) -> JSONResponse:
        """Alive."""
        return JSONResponse({"status": "ok", "orgs": list(self._sandbox.sites), "last": self._sandbox.log.last})

    async def reset(self, _request: Request) -> JSONResponse:
        """Back to the start."""
        self._sandbox.reset()
        return JSONResponse({})

    async def save(self, request: Request) -> JSONResponse:
        """Keep records and rights under a name."""
        self._sandbox.save(request.path_params["name"])
        return JSONResponse({})

    async def restore(self, request: Request) -> JSONResponse:
        """Put back a named snapshot."""
        self._sandbox.restore(request.path_params["name"])
        return JSONResponse({})

    async def clock(self, _request: Request) -> JSONResponse:
        """The virtual time."""
        return self._time(self._sandbox.clock.now())

    async def move_clock(self, request: Request) -> JSONResponse:
        """`{"advance": seconds}` or `{"set": ISO time}`; an empty object goes back to wall-clock time."""
        wish, clock = await _document(request), self._sandbox.clock
        try:
            if "advance" in wish:
                return self._time(clock.advance(timedelta(seconds=float(wish["advance"]))))
            if "set" in wish:
                return self._time(clock.set(datetime.fromisoformat(wish["set"])))
        except (TypeError, ValueError, OverflowError) as error:
            raise Refused(f"the clock cannot be moved there: {error}") from None
        return self._time(clock.reset())

    async def requests(self, request: Request) -> JSONResponse:
        """The request log, `?since=` a sequence number, `?org=` an alias."""
        since, org = _since(request)
        return JSONResponse({"last": self._sandbox.log.last, "requests": self._sandbox.log.since(since, org)})

    async def invariants(self, request: Request) -> JSONResponse:
        """Calls by user and class of path, and leaks by user, `?since=` a sequence number, `?org=` an alias."""
        return JSONResponse(self._sandbox.log.invariants(*_since(request)))

    async def clear_requests(self, _request: Request) -> JSONResponse:
        """Empty the request log."""
        self._sandbox.log.clear()
        return JSONResponse({})

    async def faults(self, _request: Request) -> JSONResponse:
        """All fault rules with how often they matched and fired, and the names of all actions that there are."""
        faults = self._sandbox.faults
        return JSONResponse({"faults": [rule.view() for rule in faults.rules()], "actions": sorted(faults.actions)})

    async def add_fault(self, request: Request) -> JSONResponse:
        """Add a rule."""
        return JSONResponse(self._sandbox.faults.add(await _document(request)).view(), 201)

    async def clear_faults(self, _request: Request) -> JSONResponse:
        """Remove all rules."""
        self._sandbox.faults.clear()
        return JSONResponse({})

    async def remove_fault(self, request: Request) -> JSONResponse:
        """Remove one rule."""
        if not self._sandbox.faults.remove(request.path_params["id"]):
            raise Refused("no such fault rule")
        return JSONResponse({})

    async def users(self, request: Request) -> JSONResponse:
        """The users of an org as they stand now."""
        site = self._sandbox.site(request.path_params["org"])
        return JSONResponse({"users": site.describe({})["users"]})

    async def records(self, request: Request) -> JSONResponse:
        """Records as the system sees them; query parameters filter by equality."""
        site = self._sandbox.site(request.path_params["org"])
        found = site.records(request.path_params["object"], dict(request.query_params))
        return JSONResponse({"records": found})

    async def counts(self, request: Request) -> JSONResponse:
        """How many records of an object there are for each value of a field: the invariant that tests watch."""
        site = self._sandbox.site(request.path_params["org"])
        counts: dict[str, int] = {}
        for record in site.records(request.path_params["object"], dict(request.query_params)):
            value = str(record.get(request.path_params["field"]))
            counts[value] = counts.get(value, 0) + 1
        return JSONResponse({"counts": counts})

    async def mutate(self, request: Request) -> JSONResponse:
        """Change data, rights or OAuth state of an org."""
        site = self._sandbox.site(request.path_params["org"])
        arguments = await _document(request)
        return JSONResponse(site.mutate(request.path_params["name"], "", arguments))

    async def relay(self, request: Request) -> JSONResponse:
        """Let the vendor call an app's backend for a card (`hubspot.fetch`), without holding up other requests."""
        site = self._sandbox.site(request.path_params["org"])
        if not isinstance(site, Relaying):
            raise Refused(f"{site.alias} has no relay")
        return JSONResponse(await asyncio.to_thread(site.relay, await _document(request)))

    @staticmethod
    def _time(moment: datetime) -> JSONResponse:
        return JSONResponse({"now": moment.isoformat()})
