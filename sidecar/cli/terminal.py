"""What all commands share: the terminal, bars, and who is connected."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from sidecar.client import Client

out = Console(highlight=False)


def session_file() -> Path:
    """Where the login of the command line lies."""
    return Path(click.get_app_dir("crm-sidecar")) / "session.json"


def client() -> "Client":
    """The connected user's calls.

    Raises:
        Problem: nobody is connected.
    """
    from sidecar.client import recall  # noqa: PLC0415

    return recall(session_file())


def connected() -> tuple[str, str]:
    """The grant and the installation of who is connected; empty when nobody is, or the sidecar does not run."""
    from sidecar.client import Problem  # noqa: PLC0415

    try:
        me = client().me
    except Problem:
        return "", ""
    return f"{me['crm']}:{me['tenant']}:{me['user_id']}", me["installation"]


def progress() -> Progress:
    """A bar on standard error."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


@contextmanager
def bar(name: str) -> Iterator[Any]:
    """A bar for what is indexed; tell it how many records came."""
    with progress() as bars:
        task = bars.add_task(f"Indexing {name}", total=None)
        yield lambda count: bars.update(task, advance=count, description=f"Indexing {name}")


@contextmanager
def spinner(text: str) -> Iterator[None]:
    """Something moves while one waits."""
    with progress() as bars:
        bars.add_task(text, total=None)
        yield
