"""The image builder: the same inputs give the same bytes, and what did not change is not built again."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.errors import ClusterError
from tests.cluster.images import archive, build_image, image_digest, layers
from tests.cluster.images.accounts import accounts
from tests.cluster.images.archive import Image, image_tar
from tests.cluster.images.entries import Directory, Folder, Item, Program, Text
from tests.cluster.images.layers import Files, Prepared


@pytest.fixture(autouse=True)
def image_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    folder = tmp_path / "images"
    monkeypatch.setattr(layers, "IMAGES", folder)
    monkeypatch.setattr(archive, "IMAGES", folder)
    return folder


def image(*items: Item, base: Prepared | None = None) -> Image:
    """An image with one layer of `items` on top of `base`."""
    top = (Files(items),)
    return Image("registry.local/example:1", (base, *top) if base else top, ("/program",), 1000)


def app_folder(parent: Path) -> Path:
    """A small app with a link and an executable."""
    folder = parent / "app"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.txt").write_text("b")
    (folder / "sub/run").write_text("#!/bin/sh\n")
    (folder / "sub/run").chmod(0o700)
    (folder / "link").symlink_to("b.txt")
    return folder


def members(tar: Path) -> dict[str, tarfile.TarInfo]:
    """The entries of the last layer of the image in `tar`."""
    with tarfile.open(tar) as whole:
        index = json.load(_open(whole, "index.json"))
        manifest = json.load(_blob(whole, index["manifests"][0]["digest"]))
        with tarfile.open(fileobj=_blob(whole, manifest["layers"][-1]["digest"])) as layer:
            return {member.name: member for member in layer}


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = []
    for name in ("first", "second"):
        monkeypatch.setattr(layers, "IMAGES", tmp_path / name)
        monkeypatch.setattr(archive, "IMAGES", tmp_path / name)
        folder = app_folder(tmp_path / f"{name}-source")
        os.utime(folder / "b.txt", (1, 1 if name == "first" else 2_000_000_000))
        contents.append(image_tar(image(Folder(folder, "/app"), *accounts("app", 1000))).read_bytes())
    assert contents[0] == contents[1]


def test_what_did_not_change_is_not_built_again(tmp_path: Path) -> None:
    folder = app_folder(tmp_path)
    first = image_tar(image(Folder(folder, "/app")))
    digest, written = image_digest(first), first.stat().st_mtime_ns
    assert image_tar(image(Folder(folder, "/app"))).stat().st_mtime_ns == written

    (folder / "b.txt").write_text("changed")
    second = image_tar(image(Folder(folder, "/app")))
    assert image_digest(second) != digest
    assert not first.exists(), "the older version of the image must not stay"


def test_a_slow_layer_is_made_once(tmp_path: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "slow").write_text("slow")

    base = Prepared("slow 1", make, "/opt")
    first = image_digest(image_tar(image(Text("/a", "1"), base=base)))
    second = image_digest(image_tar(image(Text("/a", "2"), base=base)))
    assert first != second
    assert len(made) == 1


def test_a_killed_build_of_a_slow_layer_leaves_nothing_that_is_used(image_folder: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise ClusterError("stopped")

    with pytest.raises(ClusterError, match="stopped"):
        image_tar(image(base=Prepared("fragile", fail)))
    done = image_tar(image(base=Prepared("fragile", lambda folder: None)))
    with tarfile.open(done) as tar:
        assert tar.getnames()
    assert not list((image_folder / "folders").rglob("half"))


def test_owners_modes_and_links_are_kept(tmp_path: Path) -> None:
    tar = image_tar(
        image(Folder(app_folder(tmp_path), "/app"), Directory("/data", owner=1000), Directory("/tmp", mode=0o1777))
    )
    found = members(tar)
    assert list(found) == sorted(found)
    assert (found["data"].uid, found["data"].gid) == (1000, 1000)
    assert found["tmp"].mode == 0o1777
    assert found["app/link"].linkname == "b.txt"
    assert (found["app/sub/run"].mode, found["app/b.txt"].mode) == (0o755, 0o644)
    assert {member.mtime for member in found.values()} == {0}
    assert {member.uid for name, member in found.items() if name.startswith("app")} == {0}


def test_a_program_comes_with_its_libraries() -> None:
    found = members(image_tar(image(Program("/usr/bin/env"))))
    assert found["usr/bin/env"].mode == 0o755
    assert [name for name in found if name.rpartition("/")[2].startswith("libc.so")]


def test_the_config_says_what_runs_and_as_whom() -> None:
    tar = image_tar(image(Text("/a", "a")))
    with tarfile.open(tar) as whole:
        manifest = json.load(_blob(whole, image_digest(tar)[1]))
        config = json.load(_blob(whole, manifest["config"]["digest"]))
    assert config["config"]["Entrypoint"] == ["/program"]
    assert config["config"]["User"] == "1000"
    assert image_digest(tar)[0] == "registry.local/example:1"


def test_an_unknown_image_names_the_known_ones() -> None:
    with pytest.raises(ClusterError, match="there are: pause, redis"):
        build_image("unknown")


def _open(tar: tarfile.TarFile, name: str) -> Any:
    member = tar.extractfile(name)
    assert member is not None
    return member


def _blob(tar: tarfile.TarFile, digest: str) -> Any:
    return _open(tar, f"blobs/sha256/{digest.removeprefix('sha256:')}")
