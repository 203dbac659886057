"""The firewall is a type: its values are built in one module each, and the reasoner and the index take nothing else."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.adapters import extractive
from sidecar.retrieval import Index
from sidecar.templates import Prompt

ROOT = Path(__file__).parents[2]
HOME = {"Prompt": "sidecar/templates.py", "Admitted": "sidecar/firewall.py"}
"""The only module that may build each value."""
COPIES = {"replace", "copy", "deepcopy", "__new__", "__replace__"}
"""Other ways to make a value of a frozen dataclass, caught where the argument bears the value's name."""


def modules() -> dict[str, ast.Module]:
    """Every module of the product, by path."""
    paths = (path for package in ("sidecar", "connectors") for path in (ROOT / package).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in sorted(paths)}


def called(node: ast.Call) -> str:
    """The last name of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def builders(tree: ast.Module, name: str) -> Iterator[int]:
    """Lines that build `name`, hide it under another name, or hand the class on as a value."""
    annotations = {id(inner) for node in ast.walk(tree) for outer in annotated(node) for inner in ast.walk(outer)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (
            called(node) == name or (called(node) in COPIES and name.lower() in map(ast.unparse, node.args))
        ):
            yield node.lineno
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from (node.lineno for alias in node.names if alias.name == name and alias.asname)
        elif isinstance(node, ast.Name) and node.id == name and id(node) not in annotations:
            yield node.lineno


def annotated(node: ast.AST) -> Iterator[ast.expr]:
    """The type expressions directly at a node."""
    if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation:
        yield node.annotation
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
        yield node.returns


@pytest.mark.parametrize("name", sorted(HOME))
def test_value_is_built_in_its_home_only(name: str) -> None:
    """Nobody but the home module calls, renames or passes on the class."""
    found = {path: list(builders(tree, name)) for path, tree in modules().items() if path != HOME[name]}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    ["Admitted(())", "templates.Prompt(t)", "from x import Prompt as P", "make(Admitted)", "replace(prompt, data=x)"],
)
def test_the_walk_sees_every_way(source: str) -> None:
    """The test above would notice a value that is built elsewhere."""
    tree = ast.parse(source)
    assert any(list(builders(tree, name)) for name in HOME)


def test_reasoners_take_a_prompt_and_nothing_else() -> None:
    """Every `generate` of an adapter takes a `Prompt`, and a function that it may tell a number; nothing else."""
    seen = 0
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "generate" and "sandbox" not in path:
                seen += 1
                prompt, progress = node.args.args[1:]
                assert prompt.annotation is not None, path
                assert ast.unparse(prompt.annotation) == "Prompt", path
                assert progress.annotation is not None, path
                assert ast.unparse(progress.annotation) in {"Callable[[int], None]", "Progress"}, path
                assert [*node.args.kwonlyargs, node.args.vararg, node.args.kwarg] == [None, None], path
    assert seen >= 2


def test_reasoner_signature_is_the_prompt_at_run_time() -> None:
    """The default reasoner's annotation is the class of `sidecar.templates`."""
    (_, prompt, _) = inspect.signature(extractive.ExtractiveReasoner.generate).parameters.values()
    assert prompt.annotation is Prompt


def test_only_the_index_embeds() -> None:
    """Outside of adapters, text (but no literal) becomes a vector only where it was admitted."""
    callers = {
        path
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) == "embed" and not path.startswith("sidecar/adapters/")
        if not all(isinstance(part, ast.List | ast.Constant | ast.Load) for arg in node.args for part in ast.walk(arg))
    }
    assert callers <= {"sidecar/retrieval.py"}
    admitted = inspect.signature(Index.vectors).parameters["admitted"]
    assert str(admitted.annotation).endswith("Admitted'>") or admitted.annotation == "Admitted"


def test_store_rows_have_no_place_for_text() -> None:
    """The vector store's interface knows ids, metadata and vectors, and no documents."""
    tree = modules()["sidecar/interfaces.py"]
    store = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == "VectorStore")
    names = {arg.arg for node in ast.walk(store) if isinstance(node, ast.FunctionDef) for arg in node.args.args}
    assert names.isdisjoint({"documents", "texts", "text"})
