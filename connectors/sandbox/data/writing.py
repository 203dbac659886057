"""Writes records as JSON Lines, one file per object, as `crm-sidecar sandbox --data` reads them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final

_DOCUMENTS: Final = {"hubspot": "portal.json", "salesforce": "org.json"}
_BUFFER: Final = 1 << 20


def write(document: Mapping[str, Any], records: Iterable[tuple[str, Any]], folder: Path) -> Counter[str]:
    """Write an org or a portal into `folder`, which is made.

    Args:
        document: of the org or portal; it names its vendor unless that is Salesforce.
        records: (object, record), read once and not kept.
        folder: a new or an empty one.

    Returns:
        How many lines each object has.

    Raises:
        FileExistsError: the folder holds something.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder.name} is not empty")
    vendor = document.get("vendor", "salesforce")
    # The schema of a generated org already holds our package, so that the loader must not install it.
    whole = {**document, "package": False} if vendor == "salesforce" else document
    (folder / _DOCUMENTS[vendor]).write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    written: Counter[str] = Counter()
    files: dict[str, IO[str]] = {}
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    with ExitStack() as stack:
        for name, record in records:
            out = files.get(name)
            if out is None:
                path = folder / f"{name}.jsonl"
                out = files[name] = stack.enter_context(
                    path.open("w", encoding="utf-8", newline="\n", buffering=_BUFFER)
                )
            out.write(encode(record))
            out.write("\n")
            written[name] += 1
    return written
