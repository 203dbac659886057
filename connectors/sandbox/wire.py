"""What travels between the HTTP front and a vendor's site: plain requests and responses, no framework."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` is percent-decoded, header names are lower-case, `body` is de-chunked.

    `base_url` is the address by which this client reached us ("https://127.0.0.1:8443"): links in answers
    start with it. `query_string` is the undecoded query, for parameters that come more than once.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    query_string: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response; `Content-Length` is added by the front."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, document: object, status: int = 200) -> "Response":
        """A JSON answer."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, body, {"content-type": "application/json;charset=UTF-8"})

    @classmethod
    def text(cls, text: str, status: int = 200, content_type: str = "text/plain") -> "Response":
        """A text or HTML answer."""
        return cls(status, text.encode(), {"content-type": f"{content_type};charset=UTF-8"})


class Refused(Exception):
    """The control plane cannot do what was asked; the message says why."""


class Site(Protocol):
    """One org of one vendor, reachable under addresses of its own. All calls come from the event loop's thread."""

    alias: str

    @property
    def mutations(self) -> frozenset[str]:
        """The names that `mutate` knows; each is also an action of a fault rule."""

    def respond(self, request: Request) -> Response:
        """Answer one request."""

    def user_of(self, request: Request) -> str:
        """Id of the user whose token the request carries, "" when there is none. No side effects."""

    def names_of(self, user_id: str) -> tuple[str, ...]:
        """The names by which a rule may call a user; none for ""."""

    def failure(self, status: int) -> Response:
        """The vendor's own error answer for a status, as a fault rule sends it."""

    def subrequests(self, request: Request) -> tuple[str, ...]:
        """Method and URL of each request inside a composite one."""

    def leaked(self, request: Request, response: Response, user_id: str) -> tuple[str, ...]:
        """What an answer gave a user that she may not see, as ids or `Object.Field`; must always be empty.

        Decided apart from the engine that made the answer, by the rights as they stand after it.
        """

    def mutate(self, name: str, user_id: str, arguments: Mapping[str, Any]) -> JSON:
        """Change data or rights behind the users' backs; `user_id` is the default for a `user` argument.

        Raises:
            Refused: unknown mutation, record, user or argument.
        """

    def describe(self, urls: Mapping[str, str]) -> JSON:
        """What a person needs to log in: id, addresses, clients, users."""

    def records(self, object_: str, filters: Mapping[str, str]) -> list[JSON]:
        """Records as the system sees them, whose fields equal `filters`.

        Raises:
            Refused: unknown object.
        """

    def save(self) -> object:
        """The state of the records and rights, opaque."""

    def load(self, state: object) -> None:
        """Put back what `save` returned."""


@runtime_checkable
class Relaying(Protocol):
    """A site whose vendor calls an app's backend on behalf of a user who looks at a card."""

    def relay(self, wish: Mapping[str, Any]) -> JSON:
        """Make one such call and say what the card sees. Blocks; may be called from any thread.

        Raises:
            Refused: unknown user or app, or an address that the sandbox does not call.
        """
