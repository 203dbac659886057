"""The sandbox process: its sites, its clock, its faults and log, and the ASGI front that ties a port to a site."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from connectors.sandbox.clock import Clock
from connectors.sandbox.faults import INSTEAD, Faults, Rule, answer_after, answer_instead
from connectors.sandbox.listen import ABORT
from connectors.sandbox.requestlog import RequestLog
from connectors.sandbox.wire import JSON, Refused, Request, Response, Site

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

_INITIAL = "initial"
_MAX_BODY = 64 * 1024 * 1024
_NO_BODY = frozenset({204, 304})


class Sandbox:
    """Everything that lives as long as the process. Used from one thread only: the event loop's.

    Requests are handled in the event loop, one after the other: the engine is pure Python and would gain nothing from
    threads under the interpreter lock, while a hop to a thread costs more than a record read; and every request is a
    transaction by construction. Only `delay` yields, before anything is read.
    """

    def __init__(self, sites: Sequence[Site], clock: Clock, about: JSON) -> None:
        self.sites = {site.alias: site for site in sites}
        self.clock = clock
        self.about = about
        self.faults = Faults(frozenset().union(*(site.mutations for site in sites)))
        self.log = RequestLog()
        self._snapshots: dict[str, dict[str, object]] = {}
        self.save(_INITIAL)

    def site(self, alias: str) -> Site:
        """One org's site.

        Raises:
            Refused: no such org.
        """
        try:
            return self.sites[alias]
        except KeyError:
            raise Refused(f"no org {alias!r}; there are {', '.join(self.sites)}") from None

    def save(self, name: str) -> None:
        """Keep the records and rights of all orgs under a name."""
        self._snapshots[name] = {alias: site.save() for alias, site in self.sites.items()}

    def restore(self, name: str = _INITIAL) -> None:
        """Put back what `save` kept.

        Raises:
            Refused: no such snapshot.
        """
        if name not in self._snapshots:
            raise Refused(f"no snapshot {name!r}; there are {', '.join(self._snapshots)}")
        for alias, state in self._snapshots[name].items():
            self.sites[alias].load(state)

    def reset(self) -> None:
        """Back to the start: records, rights, clock, faults and log. Who is logged in stays logged in."""
        self.restore()
        self.clock.reset()
        self.faults.clear()
        self.log.clear()

    async def answer(self, site: Site, request: Request) -> Response | None:
        """Handle one request to a site under the fault rules; None means: cut the line."""
        started = time.perf_counter()
        user = site.user_of(request)
        rules = self.faults.take(site.alias, site.names_of(user), request)
        response = await self._respond(site, request, user, rules) if rules else site.respond(request)
        self.log.add(
            at=self.clock.now().isoformat(timespec="milliseconds"),
            org=site.alias,
            user=user,
            method=request.method,
            path=request.path,
            query=request.query,
            status=response.status if response else 0,
            ms=(time.perf_counter() - started) * 1000,
            subrequests=site.subrequests(request),
            faults=tuple(rule.action for rule in rules),
            leaks=site.leaked(request, response, user) if response else (),
        )
        return response

    async def _respond(self, site: Site, request: Request, user: str, rules: Sequence[Rule]) -> Response | None:
        for rule in rules:
            if rule.action == "delay":
                await asyncio.sleep(rule.arguments["seconds"])
            elif rule.action == "clock_skew":
                self.clock.advance(timedelta(seconds=rule.arguments["seconds"]))
            elif rule.prepares:
                try:
                    site.mutate(rule.action, user, rule.arguments)
                except Refused as error:
                    return Response.text(f"Fault rule {rule.id} of the sandbox cannot act. {error}", 500)
        final = next((rule for rule in rules if not rule.prepares), None)
        if final is None:
            return site.respond(request)
        if final.action in INSTEAD:
            return answer_instead(final, site)
        return answer_after(final, site, site.respond(request))


class Front:
    """The ASGI application: by the local port a request goes to a site or to the control plane."""

    def __init__(self, sandbox: Sandbox, sites: Mapping[int, Site], control: Mapping[int, Any]) -> None:
        self._sandbox = sandbox
        self._sites = sites
        self._control = control

    async def __call__(self, scope: "Scope", receive: "ASGIReceiveCallable", send: "ASGISendCallable") -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        port = (scope["server"] or ("", 0))[1] or 0
        if control := self._control.get(port):
            await control(scope, receive, send)
            return
        site = self._sites[port]
        try:
            request = await _read(scope, receive)
        except _TooLargeError:
            response: Response | None = site.failure(413)
        else:
            if request is None:
                return
            response = await self._sandbox.answer(site, request)
        if response is None:
            abort: Callable[[], None] = scope["state"][ABORT]
            abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()
        ]
        headers.append((b"date", format_datetime(self._sandbox.clock.now(), usegmt=True).encode()))
        if response.status not in _NO_BODY:
            headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else response.body
        await send({"type": "http.response.body", "body": body, "more_body": False})


class _TooLargeError(Exception):
    """A body was thrown away because it would fill the memory."""


async def _read(scope: "HTTPScope", receive: "ASGIReceiveCallable") -> Request | None:
    """The whole request (chunks joined), or None when the client went away. HEAD is handled as GET.

    Raises:
        _TooLargeError: the body is larger than any that a vendor takes.
    """
    body = bytearray()
    more, size = True, 0
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= _MAX_BODY:
            body += chunk
        more = message.get("more_body", False)
    if size > _MAX_BODY:
        raise _TooLargeError
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    address, port = scope["server"] or ("", 0)
    return Request(
        method="GET" if scope["method"] == "HEAD" else scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=headers,
        body=bytes(body),
        query_string=scope["query_string"].decode("latin-1"),
        base_url=f"{scope['scheme']}://{headers.get('host') or f'{address}:{port}'}",
    )
