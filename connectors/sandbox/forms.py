"""What the OAuth of every vendor needs: form bodies, addresses to go back to, what a consent form carries on."""

from collections.abc import Collection, Iterable, Mapping
from html import escape
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors.sandbox.wire import Response

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_MAX_FIELDS: Final = 100


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form; a body that is no form, or has more than 100 fields, has none."""
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return {}


def comes_back(redirect_uri: str, paths: Collection[str]) -> bool:
    """Whether a redirect goes to one of the registered paths on this machine, whatever the port (RFC 8252, 7.3)."""
    try:
        parts = urlsplit(redirect_uri)
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and parts.hostname in LOOPBACK
        and parts.path in paths
        and not parts.query
        and not parts.fragment
        and not parts.username
    )


def redirect(uri: str, parameters: Mapping[str, str]) -> Response:
    """Send the browser back to the app."""
    return Response(302, b"", {"location": f"{uri}?{urlencode(parameters)}", "cache-control": "no-store"})


def hidden(names: Iterable[str], parameters: Mapping[str, str]) -> str:
    """The parameters that a consent form carries on, as hidden inputs."""
    known = [name for name in names if name in parameters]
    return "".join(f'<input type="hidden" name="{name}" value="{escape(parameters[name])}">' for name in known)
