"""The documentation keeps up with the code: tests, settings, routes, targets and modules that it names exist."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from sidecar.api import openapi
from sidecar.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]
NAMED_TEST = re.compile(r"`((?:tests|connectors)/[\w/]+\.py)(?:::(\w+))?`")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)")


def read(path: str) -> str:
    """A file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def name(path: Path) -> str:
    """How a file is called in a failed test."""
    return path.relative_to(ROOT).as_posix()


def definitions(path: str) -> set[str]:
    """Names of the functions and classes that a file defines anywhere."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in ast.walk(ast.parse(read(path))) if isinstance(node, kinds)}


def missing_tests(page: str) -> Iterator[str]:
    """What a page calls a test and nobody wrote."""
    for path, test in NAMED_TEST.findall(read(page)):
        if not (ROOT / path).is_file() or (test and test not in definitions(path)):
            yield f"{path}::{test}"


@pytest.mark.parametrize("page", ["docs/article-map.md", "docs/threat-model.md"])
def test_every_test_that_is_named_exists(page: str) -> None:
    """A countermeasure is not claimed with a test that is gone or was never written."""
    assert NAMED_TEST.search(read(page))
    assert list(missing_tests(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links point to files of the repository."""
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_article_map_counts_on() -> None:
    """No row was lost: the numbers go on without a gap, and each row says a test or an issue or why neither."""
    rows = re.findall(r"^\| (\d+) \|.*\| (\S.*) \|$", read("docs/article-map.md"), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    assert len(rows) > 70
    for number, shown in rows:
        assert NAMED_TEST.search(shown) or "not built yet" in shown or "no code" in shown, number


def test_every_setting_is_documented() -> None:
    """An operator finds each variable in docs/operations.md."""
    table = read("docs/operations.md")
    assert [field for field in Settings.model_fields if f"`{field.upper()}`" not in table] == []


def test_every_route_is_documented() -> None:
    """docs/openapi.yaml knows every route with its methods, and nothing else."""
    documented = {
        (method.upper(), path)
        for path, methods in yaml.safe_load(read("docs/openapi.yaml"))["paths"].items()
        for method in methods
    }
    assert documented == {(route.method, re.sub(r"<(\w+)>", r"{\1}", route.path)) for route in openapi.ROUTES}


def test_the_committed_openapi_document_is_the_generated_one() -> None:
    """A change of the API shows in the diff; `make openapi` writes the file."""
    assert read("docs/openapi.yaml") == openapi.text(version("crm-sidecar"))


def test_every_make_target_that_is_named_exists() -> None:
    """README and CONTRIBUTING name commands that work."""
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = {
        target for page in ("README.md", "CONTRIBUTING.md") for target in re.findall(r"`make ([a-z]+)", read(page))
    }
    assert named
    assert named <= targets


@pytest.mark.parametrize("package", ["sidecar", "connectors"])
def test_every_module_says_what_it_is_for(package: str) -> None:
    """The first line of a module is its purpose."""
    silent = [
        name(path)
        for path in sorted((ROOT / package).rglob("*.py"))
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []
