"""What of a release needs no registry: the versions, the changelog's section, chart and install manifest by digest."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from socketio_operator import __version__
from tests.cluster.layout import CHECKOUT
from tests.helm.tool import CHART, NO_CLUSTER, Helm, helm_binary
from tests.images.building import IMAGES
from tests.installation import INSTALL, NAMESPACE
from tests.release import versions
from tests.release.__main__ import files
from tests.release.changelog import section
from tests.release.chart import pinned_values
from tests.release.registry import pushed_digest
from tests.release.versions import ReleaseError, check, stated, version_of

REGISTRY = "registry.example/team/socketio-operator"
DIGESTS = {name: f"sha256:{number:064x}" for number, name in enumerate(IMAGES, start=1)}
CHANGELOG = """\
# Changelog

## [Unreleased]

### Added

- The next thing.

## [0.2.0] - 2026-02-03

### Fixed

- A thing.

## [0.1.1] - 2026-01-03

## [0.1.0] - 2026-01-02

- The first thing.

[0.1.0]: https://example.com/0.1.0
"""


def test_every_place_states_the_same_version() -> None:
    check(CHECKOUT, __version__)
    assert len(stated(CHECKOUT)) == 11


@pytest.mark.parametrize("place", ["pyproject.toml", versions.CHART, versions.VALUES, *versions.PACKAGES])
def test_a_place_that_was_forgotten_is_named(place: str, tmp_path: Path) -> None:
    read = ("pyproject.toml", versions.CHART, versions.VALUES, versions.DEFAULTS)
    for path in (*read, *versions.PACKAGES, *versions.MODULES):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / path, tmp_path / path)
    check(tmp_path, __version__)
    text = (tmp_path / place).read_text(encoding="utf-8")
    (tmp_path / place).write_text(text.replace(__version__, "0.0.9", 1), encoding="utf-8")
    with pytest.raises(ReleaseError, match=rf"{place}.*: 0\.0\.9$"):
        check(tmp_path, __version__)


def test_a_tag_is_a_version() -> None:
    assert version_of("v1.20.0") == "1.20.0"
    assert version_of("v0.1.0-rc.1") == "0.1.0-rc.1"
    for other in ("0.1.0", "v0.1", "v0.01.0", "v0.1.0-rc.1+a", "v0.1.0\n", "v0.1.0 -m"):
        with pytest.raises(ReleaseError, match="not a version tag"):
            version_of(other)


def test_the_section_is_that_of_the_version_alone() -> None:
    assert section(CHANGELOG, "0.2.0") == "### Fixed\n\n- A thing.\n"
    assert section(CHANGELOG, "0.1.0") == "- The first thing.\n"


@pytest.mark.parametrize(
    ("version", "fault"),
    [("0.3.0", "no section"), ("Unreleased", "no date"), ("0.1.1", "is empty"), ("0.1", "no section")],
)
def test_a_section_that_cannot_be_released_is_refused(version: str, fault: str) -> None:
    with pytest.raises(ReleaseError, match=fault):
        section(CHANGELOG, version)


def references(objects: list[dict[str, Any]]) -> set[str]:
    """The images of the operator's Deployment."""
    (deployment,) = (one for one in objects if one["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    related = {one["value"] for one in container["env"] if one["name"].startswith("RELATED_IMAGE_")}
    return {container["image"], *related}


def of(text: str) -> list[dict[str, Any]]:
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def test_the_released_files_name_our_images_by_digest(tmp_path: Path) -> None:
    (tmp_path / "digests.json").write_text(json.dumps(DIGESTS), encoding="utf-8")
    package = files(REGISTRY, tmp_path)
    ours = {
        f"{REGISTRY}/{name}:{__version__}@{DIGESTS[name]}"
        for name in ("socketio-operator", "runtime-node", "runtime-python")
    }
    plain, released = INSTALL.read_text(encoding="utf-8"), (tmp_path / "install.yaml").read_text(encoding="utf-8")
    others = {image for image in references(of(plain)) if not image.startswith("socketio-operator/")}
    assert references(of(released)) == ours | others
    # Nothing but images differs.
    for image in ours:
        named = image.partition("@")[0]
        released = released.replace(image, f"socketio-operator/{named.rpartition('/')[2]}")
    assert of(released) == of(plain)
    helm = Helm(helm_binary(4), NO_CLUSTER, NAMESPACE)
    assert references(helm.template("{}", chart=package)) == ours | others
    subprocess.run([str(helm.binary), "lint", "--strict", str(package)], check=True, capture_output=True)


def test_the_comments_of_the_values_stay() -> None:
    values = (CHART / "values.yaml").read_text(encoding="utf-8")
    made = pinned_values(values, REGISTRY, __version__, DIGESTS)
    before, after = ([line for line in text.splitlines() if line.lstrip().startswith("#")] for text in (values, made))
    assert after == before
    assert len(made.splitlines()) == len(values.splitlines())


def test_values_of_another_form_are_refused() -> None:
    values = (CHART / "values.yaml").read_text(encoding="utf-8")
    for known, other in (("  runtimeNode: {", "  runtimeNode:  {"), ('  digest: ""', "  digest:")):
        assert known in values
        with pytest.raises(ReleaseError, match="another form"):
            pinned_values(values.replace(known, other, 1), REGISTRY, __version__, DIGESTS)


def test_the_digest_of_a_pushed_chart_is_read() -> None:
    digest = DIGESTS["chat"]
    assert pushed_digest(f"Pushed: {REGISTRY}/charts/socketio-operator:0.1.0\nDigest: {digest}\n") == digest
    with pytest.raises(ReleaseError, match="no digest"):
        pushed_digest("Error: denied\n")
