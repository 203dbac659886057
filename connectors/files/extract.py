"""Runs the reader of one file in a process of its own: no network, no files, bounded memory, time and output.

A hostile document can crash or stall its reader (and parsers of PDF have a history of worse), so the bytes never meet
a parser in the service's own process. A file that breaks a limit has no text, and the reason is said.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Final, cast

KINDS: Final[Mapping[str, str]] = {
    "txt": "txt", "text": "txt", "log": "txt", "csv": "txt", "md": "txt",
    "htm": "html", "html": "html",
    "pdf": "pdf",
    "docx": "docx",
}  # fmt: skip
"""File extension, lower-case -> reader."""

_SLOTS: Final = threading.BoundedSemaphore(os.cpu_count() or 1)
"""Children at once: each may take as much memory as its limit says."""
_PATIENCE: Final = 30.0
"""Seconds that a file waits for its turn."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`size` and `output` in bytes, `memory` in bytes of address space, `seconds` of wall-clock and processor time."""

    size: int = 10_000_000
    output: int = 4_000_000
    memory: int = 1_500_000_000
    seconds: float = 10.0
    pages: int = 200


@dataclass(frozen=True, slots=True)
class Extracted:
    """What one file says, page by page, as HTML: visible text plain, invisible text in elements with `hidden`.

    `problem` is empty, or why there is no text: "kind", "size", "broken", "encrypted", "limit". `truncated` says that
    pages are missing at the end.
    """

    pages: tuple[str, ...] = field(default=(), repr=False)
    problem: str = ""
    truncated: bool = False


def kind_of(name: str) -> str:
    """The reader for a file name or an extension; "" when there is none."""
    return KINDS.get(name.rpartition(".")[2].strip().lower(), "")


def extract(data: bytes, kind: str, limits: Limits = Limits()) -> Extracted:
    """The text of a file of this `kind` (see `kind_of`). Never raises for what stands in the file."""
    if not kind:
        return Extracted(problem="kind")
    if len(data) > limits.size:
        return Extracted(problem="size")
    command = [
        sys.executable, "-I", "-m", "connectors.files.child",
        kind, str(limits.memory), str(int(limits.seconds) + 1), str(limits.pages),
    ]  # fmt: skip
    if not _SLOTS.acquire(timeout=_PATIENCE):
        return Extracted(problem="limit")
    try:
        code, output = _run(command, data, limits)
    finally:
        _SLOTS.release()
    if code != 0:
        # Ended by a signal or out of memory: a limit. Exit code 2 is the reader's own word for a broken file.
        return Extracted(problem={2: "broken", 3: "encrypted"}.get(code, "limit"))
    return _parsed(output)


def _run(command: Sequence[str], data: bytes, limits: Limits) -> tuple[int, bytes]:
    """Exit code and output of the child, which is ended when it takes or writes too much."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        cwd="/",
        close_fds=True,
    ) as child:
        stdin, stdout = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
        deadline = threading.Timer(limits.seconds, child.kill)
        deadline.start()
        feeder = threading.Thread(target=_feed, args=(stdin, data))
        feeder.start()
        try:
            output = stdout.read(limits.output + 1)
            if len(output) > limits.output:
                child.kill()
            code = child.wait()
        finally:
            child.kill()
            deadline.cancel()
            feeder.join()
    return code, output


def _feed(pipe: IO[bytes], data: bytes) -> None:
    with suppress(BrokenPipeError), pipe:  # it may end before it has read everything
        pipe.write(data)


def _parsed(output: bytes) -> Extracted:
    """What the child wrote, believed as little as the file itself."""
    try:
        document = json.loads(output)
        pages, truncated = document["pages"], document["truncated"]
    except (ValueError, TypeError, KeyError):
        return Extracted(problem="broken")
    if not isinstance(pages, list) or not all(isinstance(page, str) for page in pages):
        return Extracted(problem="broken")
    return Extracted(tuple(pages), truncated=bool(truncated))
