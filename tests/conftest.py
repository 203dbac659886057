"""Sockets are off, except where a test talks to real parts on loopback."""

from pathlib import Path

import pytest

OPEN = ("contract", "functional", "browser", "e2e", "live")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Close the network for every test outside the folders that need real parts."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in OPEN:
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "localhost", "::1"]))
        else:
            item.add_marker(pytest.mark.disable_socket)
