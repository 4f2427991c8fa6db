"""The workflows of .github/ pass actionlint, and their steps are make targets, which run anywhere."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.binaries import Tool, ensure_tool

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONLINT = Tool("actionlint", "github.com/rhysd/actionlint/cmd/actionlint", "v1.7.12", expected=20)
TARGETS = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# A container has to get `make` first.
PACKAGES = "apt-get update && apt-get install "


def faults(text: str) -> str:
    """What actionlint says of a workflow; shellcheck, which is not everywhere, has no part in it."""
    command = [str(ensure_tool(ACTIONLINT)), "-shellcheck=", "-pyflakes=", "-no-color", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd=ROOT).stdout


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values():
        # A job that calls another workflow has none.
        yield from job.get("steps", [])


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_actionlint_finds_nothing(workflow: Path) -> None:
    assert faults(workflow.read_text(encoding="utf-8")) == ""


def test_actionlint_would_find_something() -> None:
    wrong = WORKFLOWS[0].read_text(encoding="utf-8").replace("runs-on: ubuntu-24.04", "runs-on: ubuntu-24.4", 1)
    assert "ubuntu-24.4" in faults(wrong)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_steps_are_make_targets(workflow: Path) -> None:
    commands = [step["run"] for step in steps(workflow) if "run" in step and not step["run"].startswith(PACKAGES)]
    assert commands
    assert [command for command in commands if command.removeprefix("make ") not in TARGETS] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_actions_are_pinned_by_commit(workflow: Path) -> None:
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)] == []
