"""`crm-sidecar sandbox`: build the orgs, open the ports, say where they are, serve until told to stop."""

import json as json_module
import os
import socket
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from connectors.sandbox.clock import Clock
from connectors.sandbox.control import control_app
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.site import HubSpotSite
from connectors.sandbox.listen import bind
from connectors.sandbox.listen import serve as listen
from connectors.sandbox.load import LoadError, load
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.site import SalesforceSite
from connectors.sandbox.server import Front, Sandbox
from connectors.sandbox.tls import issue
from connectors.sandbox.wire import JSON, Site


def serve(
    data: Path | None = None,
    *,
    seed: int = 7,
    scale: int = 0,
    host: str = "127.0.0.1",
    http_port: int = 0,
    tls_port: int = 0,
    control_port: int = 0,
    json: bool = False,
    ca_file: Path | None = None,
) -> None:
    """Run the sandbox in this process until SIGTERM or SIGINT.

    Args:
        data: folder of JSONL files; None generates the example company from `seed`.
        seed: of the generator.
        scale: records of the generated northwind and meridian, children included; 0 leaves them at their own size.
        host: address to listen on.
        http_port: plain HTTP port of the first org, the next org takes the next port; 0 picks free ports.
        tls_port: the same for TLS.
        control_port: port of the control plane; 0 picks a free one.
        json: print one JSON line on stdout when ready, instead of a table.
        ca_file: where to write the CA certificate; None uses a temporary file that goes away at the end.

    Raises:
        LoadError: the data cannot be used.
        OSError: a port is taken.
    """
    clock = Clock()
    sites = build_sites(data, seed, clock, scale)
    certificates = issue(host)
    with ExitStack() as stack:
        plain = _bind_all(stack, host, http_port, len(sites))
        secure = _bind_all(stack, host, tls_port, len(sites))
        control = _bind_all(stack, host, control_port, 1)
        if ca_file is None:
            ca_file = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-ca-"))) / "ca.pem"
        certificates.export_ca(ca_file)
        about: JSON = {
            "pid": os.getpid(),
            "seed": None if data else seed,
            "control": _url("http", host, control[0]),
            "ca_file": str(ca_file.resolve()),
            "orgs": [
                site.describe({"http": _url("http", host, open_), "https": _url("https", host, closed)})
                for site, open_, closed in zip(sites, plain, secure, strict=True)
            ],
        }
        sandbox = Sandbox(sites, clock, about)
        ports = {_port(s): site for listeners in (plain, secure) for s, site in zip(listeners, sites, strict=True)}
        front = Front(sandbox, ports, {_port(control[0]): control_app(sandbox)})
        listen(front, [*plain, *control], secure, certificates.context, lambda: announce(about, json=json))


def build_sites(data: Path | None, seed: int, clock: Clock, scale: int = 0) -> list[Site]:
    """The orgs of a folder, or the generated ones; see `serve`."""
    source: Iterable[tuple[JSON, Iterable[tuple[str, JSON]]]]
    if data and scale:
        raise LoadError("a size can be wished for the generated company, not for a folder")
    if data:
        source = load(data)
    else:
        from connectors.sandbox.data.scale import company  # noqa: PLC0415 - its word banks are not needed for own data

        source = company(scale, seed)
    return [_site(document, records, clock) for document, records in source]


def _site(document: JSON, records: Iterable[tuple[str, JSON]], clock: Clock) -> Site:
    """A site of the vendor that the document names; Salesforce's when it names none."""
    if document.get("vendor") == "hubspot":
        try:
            return HubSpotSite(Portal.load(document, records, clock), clock)
        except ValueError as error:
            raise LoadError(str(error)) from None
        except KeyError as error:
            raise LoadError(f"the portal's document lacks {error.args[0]!r}") from None
        except (TypeError, AttributeError):
            raise LoadError("the portal's document has a value of the wrong kind") from None
    return _salesforce(document, records, clock)


def _salesforce(document: JSON, records: Iterable[tuple[str, JSON]], clock: Clock) -> Site:
    """A user's `note` is for people and no field of the org."""
    users = [dict(user) for user in document.get("users", ())]
    notes = {user["Username"]: user.pop("note") for user in users if "note" in user}
    try:
        org = Org.load({**document, "users": users}, records, clock)
    except ValueError as error:
        raise LoadError(str(error)) from None
    return SalesforceSite(org, clock, notes)


def announce(about: JSON, *, json: bool) -> None:
    """Say on stdout that the sandbox is ready: one JSON line, or a table for people."""
    if json:
        sys.stdout.write(json_module.dumps(about, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    console = Console()
    for org in about["orgs"]:
        title = f"{org['alias']} ({org['vendor']} {org['id']})  {org['urls']['http']}  {org['urls']['https']}"
        table = Table(title=title, title_justify="left")
        role = "team" if org["vendor"] == "hubspot" else "role"
        for heading in ("user", "name", "profile", role, "sees"):
            table.add_column(heading)
        for user in org["users"]:
            table.add_row(user["username"], user["name"], user["profile"], user["role"], user["note"])
        console.print(table)
        for client in org["clients"]:
            console.print(f"client {client['name']}: {client['id']}  secret: {client['secret'] or '(public client)'}")
        if key := org.get("service_key"):
            console.print(f"service key: {key}")
    console.print(f"control plane {about['control']}\nCA certificate {about['ca_file']}\nCtrl+C stops the sandbox.")


def _bind_all(stack: ExitStack, host: str, first: int, count: int) -> Sequence[socket.socket]:
    return [stack.enter_context(bind(host, first and first + number)) for number in range(count)]


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _url(scheme: str, host: str, listener: socket.socket) -> str:
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{_port(listener)}"
