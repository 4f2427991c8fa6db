"""Which module needs which: no circle, not even of types, so that each can be read after those that it names."""

import ast
from pathlib import Path

import graphlib
import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "socketio_runtime"
Graph = dict[str, set[str]]


def modules(package: Path) -> dict[str, Path]:
    """Name -> file, without what is installed beside them."""
    files = [file.relative_to(package) for file in package.rglob("*.py") if "vendor" not in file.parts]
    return {".".join(file.with_suffix("").parts).removesuffix("__init__").rstrip("."): package / file for file in files}


def needs(package: Path) -> Graph:
    """Name -> the modules that it imports, wherever in its text, those of types included."""
    known = modules(package)
    return {name: {one for one in named(name, file) if one in known} for name, file in known.items()}


def named(name: str, file: Path) -> set[str]:
    here = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*here[: len(here) - node.level + 1], *(node.module or "").split(".")]
            module = ".".join(part for part in base if part)
            found |= {module, *(f"{module}.{alias.name}".lstrip(".") for alias in node.names)}
    return found - {"", name}


def test_no_module_needs_itself() -> None:
    graph = needs(PACKAGE)
    assert len(graph) > 50
    graphlib.TopologicalSorter(graph).prepare()


def test_only_main_knows_all() -> None:
    """It is named by what looks for python-socketio alone."""
    assert [name for name, needed in needs(PACKAGE).items() if "main" in needed] == ["find.import_hook"]


def test_control_a_circle_is_found(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__init__.py").touch()
    (tmp_path / "one.py").write_text("from .folder import two")
    (tmp_path / "folder" / "two.py").write_text("def later():\n    from ..one import something")
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(needs(tmp_path)).prepare()
