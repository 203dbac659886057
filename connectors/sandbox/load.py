"""Somebody's own data: a folder of JSON Lines files, one per object, in the vendor's names. See `docs/sandbox.md`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.sandbox.salesforce.standard import PACKAGE_SCHEMA
from connectors.sandbox.wire import JSON

ORG_FILE = "org.json"
PORTAL_FILE = "portal.json"
"""Its presence makes a folder a HubSpot portal."""


class LoadError(Exception):
    """A file cannot be used. The message names file and line, and never quotes what stands there."""


def load(folder: Path) -> list[tuple[JSON, Iterator[tuple[str, JSON]]]]:
    """Read one org or portal (a folder with `*.jsonl`) or several (a folder of such folders).

    Returns:
        One pair per org: its document and its records, read lazily. A Salesforce org's document is `org.json`, or a
        default in which every user sees everything; with our package installed unless `package` is false. A folder with
        a `portal.json` is a HubSpot portal.

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
    return (folder / PORTAL_FILE).exists() or any(folder.glob("*.jsonl"))


def _document(folder: Path) -> JSON:
    if (folder / PORTAL_FILE).exists():
        document = _read(folder / PORTAL_FILE)
        if not isinstance(document.get("portal"), dict):
            raise LoadError(f"{folder.name}/{PORTAL_FILE}: `portal` is none")
        return {**document, "vendor": "hubspot", "portal": {"alias": folder.name.lower(), **document["portal"]}}
    document = _read(folder / ORG_FILE) if (folder / ORG_FILE).exists() else {}
    if not isinstance(document.get("org", {}), dict):
        raise LoadError(f"{folder.name}/{ORG_FILE}: `org` is none")
    installed = PACKAGE_SCHEMA if document.pop("package", True) else {}
    return {
        **document,
        "org": {"alias": folder.name.lower(), **document.get("org", {})},
        "schema": {**installed, **document.get("schema", {})},
    }


def _read(path: Path) -> JSON:
    """The JSON object in a file."""
    where = f"{path.parent.name}/{path.name}"
    try:
        document: Any = json.loads(path.read_bytes())
    except ValueError as error:
        raise LoadError(f"{where}, line {getattr(error, 'lineno', 0)}: not JSON") from None
    if not isinstance(document, dict):
        raise LoadError(f"{where}: not a JSON object")
    return document


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
