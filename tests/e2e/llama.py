"""A real llama.cpp server with a tiny random model, started for a test."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

HERE = Path(__file__).parent
CALM = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait for each other in a loop take a busy machine's time from themselves."""
START = 60.0
"""Seconds until it must answer."""


@contextmanager
def llama_server(folder: Path) -> Iterator[str]:
    """The address of its API, with the /v1."""
    python = os.environ["CRM_SIDECAR_LLM_PYTHON"]
    model = folder / "tiny.gguf"
    subprocess.run([python, HERE / "tiny_gguf.py", model], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "model": model,
        "model_alias": "tiny",
        "host": "127.0.0.1",
        "port": port,
        "n_ctx": 32_768,
        "n_threads": 2,
    }
    command = [
        python,
        "-m",
        "llama_cpp.server",
        *[str(part) for name in options for part in (f"--{name}", options[name])],
    ]
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | CALM) as server,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/v1/models", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.kill()


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and server.poll() is None:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise RuntimeError("llama.cpp's server did not start: see server.log")
