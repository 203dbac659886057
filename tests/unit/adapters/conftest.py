"""A new database and key ring for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import open_database


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The database file."""
    return tmp_path / "sidecar.sqlite3"


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    """A new database."""
    engine = open_database(f"sqlite:///{database}")
    yield engine
    engine.dispose()


@pytest.fixture
def keys(tmp_path: Path) -> LocalKeyRing:
    """A new key ring."""
    return LocalKeyRing(tmp_path / "keys")
