"""Somebody's own data: a folder of JSON Lines files, one per object, in REST field names. See `docs/sandbox.md`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.sandbox.salesforce.standard import PACKAGE_SCHEMA
from connectors.sandbox.wire import JSON

ORG_FILE = "org.json"


class LoadError(Exception):
    """A file cannot be used. The message names file and line, and never quotes what stands there."""


def load(folder: Path) -> list[tuple[JSON, Iterator[tuple[str, JSON]]]]:
    """Read one org (a folder with `*.jsonl`) or several (a folder of such folders).

    Returns:
        One pair per org: its document (`org.json`, or a default in which every user sees everything; with our package
        installed unless `package` is false) and its records, read lazily.

    Raises:
        LoadError: nothing to load, or a broken `org.json`; while iterating, a broken line.
    """
    if not folder.is_dir():
        raise LoadError(f"{folder.name} is not a folder")
    folders = (
        [folder] if _is_org(folder) else sorted(path for path in folder.iterdir() if path.is_dir() and _is_org(path))
    )
    if not folders:
        raise LoadError(f"{folder.name} holds neither *.jsonl files nor folders with such files")
    return [(_document(path), _records(path)) for path in folders]


def _is_org(folder: Path) -> bool:
    return any(folder.glob("*.jsonl"))


def _document(folder: Path) -> JSON:
    path = folder / ORG_FILE
    document: Any = {}
    if path.exists():
        try:
            document = json.loads(path.read_bytes())
        except ValueError as error:
            line = getattr(error, "lineno", 0)
            raise LoadError(f"{folder.name}/{ORG_FILE}, line {line}: not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("org", {}), dict):
        raise LoadError(f"{folder.name}/{ORG_FILE}: not a JSON object, or `org` is none")
    installed = PACKAGE_SCHEMA if document.pop("package", True) else {}
    return {
        **document,
        "org": {"alias": folder.name.lower(), **document.get("org", {})},
        "schema": {**installed, **document.get("schema", {})},
    }


def _records(folder: Path) -> Iterator[tuple[str, JSON]]:
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield path.stem, _record(line, f"{folder.name}/{path.name}, line {number}")


def _record(line: bytes, where: str) -> JSON:
    try:
        record: Any = json.loads(line)
    except ValueError:
        raise LoadError(f"{where}: not JSON in UTF-8") from None
    if not isinstance(record, dict):
        raise LoadError(f"{where}: not a JSON object")
    record["attributes"] = {"place": where}
    return record
