"""The child: reads one file from stdin under limits it sets itself, writes its pages as JSON to stdout.

python -I -m connectors.files.child KIND MEMORY_BYTES CPU_SECONDS MAX_PAGES
"""

import json
import resource
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from connectors.files.page import Broken, Encrypted

Reader = Callable[[bytes, int], tuple[list[str], bool]]
"""Bytes and the most pages -> pages as HTML, and whether there are more."""

_FORBIDDEN: Final = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "ctypes.dlopen")


def main() -> int:
    """Exit code 0: done; 2: the file is broken; 3: it is encrypted."""
    kind, memory, seconds, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    reader = _reader(kind)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse)
    data = sys.stdin.buffer.read()
    try:
        pages, truncated = reader(data, most)
    except Encrypted:
        return 3
    except (Broken, RecursionError):
        return 2
    sys.stdout.write(json.dumps({"pages": pages, "truncated": truncated}))
    return 0


def _reader(kind: str) -> Reader:
    """Import the parser before the limits close: what it loads is ours, what it reads is not."""
    module = import_module(f"connectors.files.{'plain' if kind in {'txt', 'html'} else kind}")
    reader: Reader = getattr(module, {"txt": "read_text", "html": "read_html"}.get(kind, "read"))
    return reader


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """A parser that was talked into something else: no network, no programs, no files to write (PEP 578)."""
    writes = event == "open" and isinstance(arguments[1], str) and not set(arguments[1]).isdisjoint("wax+")
    if writes or event.startswith(_FORBIDDEN):
        raise PermissionError(event)


if __name__ == "__main__":
    sys.exit(main())
