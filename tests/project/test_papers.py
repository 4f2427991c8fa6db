"""What a stranger reads first: the license and who says so, what is bundled, links and commands that are there."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from socketio_operator.api import validate
from tests import notice
from tests.helm.tool import CHART
from tests.project.test_workflows import ROOT, TARGETS

PAPERS = sorted((*ROOT.glob("*.md"), ROOT / "manifests" / "README.md", CHART / "README.md"))
FORMS = [path for path in sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")) if path.stem != "config"]
PACKAGES = ("runtime/node/package.json", "examples/chat/package.json", "clients/discovery/package.json")
SPDX = "Apache-2.0"


def test_the_notice_lists_what_the_locks_do() -> None:
    assert notice.page() == notice.PAGE.read_text(encoding="utf-8"), "run `make generate`"


def test_every_bundled_package_states_its_license() -> None:
    lines = [line for line in notice.page().splitlines() if re.match(r"  \S+ \d", line)]
    assert len(lines) > 90
    known = r"(MIT|MIT-0|ISC|Apache-2\.0|BSD-[23]-Clause|PSF-2\.0|MPL-2\.0)"
    joined = rf"\(?{known}( (AND|OR) \(?{known}\)?)*\)?"
    assert [line for line in lines if not re.fullmatch(rf"  \S+ \S+, {joined}", line)] == []


def test_packages_and_chart_name_the_license() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    packages = [json.loads((ROOT / path).read_text(encoding="utf-8")) for path in PACKAGES]
    assert [one["license"] for one in (project, *packages)] == [SPDX] * 4
    assert chart["annotations"]["artifacthub.io/license"] == SPDX
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_examples_of_the_chart_are_right() -> None:
    annotations = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["annotations"]
    (example,) = yaml.safe_load(annotations["artifacthub.io/crdsExamples"])
    assert validate(example) == []
    (crd,) = yaml.safe_load(annotations["artifacthub.io/crds"])
    assert example["apiVersion"].endswith(f"/{crd['version']}")


@pytest.mark.parametrize("form", FORMS, ids=lambda path: str(path.name))
def test_a_form_of_an_issue_is_whole(form: Path) -> None:
    """GitHub shows no form that lacks one of these, and says so to nobody."""
    made = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert made["name"]
    assert made["description"]
    asked = [field for field in made["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in asked}) == len(asked) > 0
    assert all(field["attributes"]["label"] for field in asked)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_commands_are_there(paper: Path) -> None:
    text = paper.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    files = [link for link in links if link and not re.match(r"[a-z]+:", link)]
    assert [link for link in files if not (paper.parent / link).exists()] == []
    assert set(re.findall(r"(?:\$ |`)make ([a-z][a-z0-9-]*)", text)) <= TARGETS
