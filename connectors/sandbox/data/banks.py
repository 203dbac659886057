"""Loads the phrase banks: everything that people say in the sandbox stands in `banks/*.yaml`, none of it in code."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).with_name("banks")


@cache
def bank(name: str) -> Any:  # noqa: ANN401 - each bank has a shape of its own, described at its head
    """The content of `banks/<name>.yaml`. Shared: callers do not change it."""
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, yaml.CSafeLoader)
