"""Runs the app under gunicorn: one worker process (embedded Chroma belongs to one), many threads, a graceful end."""

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from sidecar import logs
from sidecar.app import create_app
from sidecar.settings import Settings

KEEP_ALIVE = 75
"""Seconds that an idle connection stays open: longer than a proxy keeps its own, so that nobody meets a closing one."""


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with our settings instead of its command line. The app is built in the worker, after the fork."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Nothing here depends on the machine: threads wait for a CRM and a model, not for a core."""
        options: dict[str, Any] = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._settings.threads,
            "timeout": 120,
            "graceful_timeout": self._settings.graceful_timeout,
            "keepalive": KEEP_ALIVE,
            "accesslog": None,  # our own log line has the route, never the address
            "loglevel": "error",  # its warnings quote request lines that it cannot parse
            "proc_name": "crm-sidecar",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the app."""
        logs.configure()
        return create_app(self._settings)
