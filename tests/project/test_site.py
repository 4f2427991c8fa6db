"""docs/ as a site: it builds strictly and fetches nothing; no link or anchor leads nowhere, in docs/ or beside it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pymdownx.slugs import slugify

from tests.project.test_papers import PAPERS
from tests.project.test_workflows import ROOT

SLUG = slugify(case="lower")
BESIDE = sorted({*PAPERS, *ROOT.glob("clients/*/README.md"), *ROOT.glob("examples/*/README.md")})


def build(config: Path, into: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(into)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def copied(to: Path) -> Path:
    """A copy of what the site is made of, with the files that its pages name; its configuration."""
    shutil.copytree(ROOT / "docs", to / "docs")
    for entry in ROOT.iterdir():
        if entry.name not in ("docs", "tests", "mkdocs.yml", "build"):
            (to / entry.name).symlink_to(entry)
    (to / "tests").mkdir()
    shutil.copy(ROOT / "tests/site_links.py", to / "tests")
    return Path(shutil.copy(ROOT / "mkdocs.yml", to))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    done = build(ROOT / "mkdocs.yml", made)
    assert done.returncode == 0, done.stderr
    return made


def test_each_page_is_built(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert {path for path in pages if not (site / path).exists()} == set()


def test_a_reader_fetches_nothing_from_elsewhere(site: Path) -> None:
    """What a page loads by itself; an element of this class makes the theme load its program from a CDN."""
    loads = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>|class="mermaid""")
    found = {path.name: loads.findall(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert {name: links for name, links in found.items() if links} == {}


@pytest.mark.parametrize(
    "wrong", ["[a page](nowhere.md)", "[an anchor](reasons.md#nowhere)", "[a file](../nowhere.yaml)"]
)
def test_a_link_that_leads_nowhere_ends_the_build(wrong: str, tmp_path: Path) -> None:
    config = copied(tmp_path)
    with (tmp_path / "docs/pods.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{wrong}\n")
    done = build(config, tmp_path / "site")
    assert done.returncode != 0
    assert "nowhere" in done.stdout + done.stderr


def test_links_out_of_the_site(site: Path, tmp_path: Path) -> None:
    """To the repository where it has a URL, else they are its paths."""
    assert "<code>clients/discovery</code>" in (site / "direct.html").read_text(encoding="utf-8")
    assert "../clients" not in (site / "direct.html").read_text(encoding="utf-8")
    config = copied(tmp_path)
    with config.open("a", encoding="utf-8") as settings:
        settings.write("repo_url: https://git.example/sio\n")
    assert build(config, tmp_path / "site").returncode == 0
    text = (tmp_path / "site/direct.html").read_text(encoding="utf-8")
    assert 'href="https://git.example/sio/tree/main/clients/discovery"' in text


def anchors(page: Path) -> set[str]:
    """Those of its headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    plain = (
        re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", title) for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    )
    return {SLUG(title, "-") for title in plain}


def broken(page: Path) -> Iterator[str]:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", BESIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_anchors_beside_the_site_lead_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_a_broken_one_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A title: `code`\n[a](#a-title-code) [b](#b) [c](c.md) [d](page.md#d) [e](https://e.example)", "utf-8"
    )
    assert list(broken(page)) == ["#b", "c.md", "page.md#d"]


def test_the_workflow_builds_the_site() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
    assert "make docs" in [step.get("run") for step in jobs["check"]["steps"]]
