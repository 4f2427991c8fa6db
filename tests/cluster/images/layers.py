"""Layers: tars whose bytes depend on nothing but their inputs, kept by a hash of those inputs."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.images.entries import Entry, Folder, Item
from tests.cluster.layout import BUILD

IMAGES = BUILD / "images"
FORMAT = "1"  # raise it when the same inputs give other bytes


@dataclass(frozen=True)
class Files:
    """A layer of items whose content is looked at each time."""

    items: tuple[Item, ...]

    def key(self) -> str:
        """A hash over every path, mode, owner and content."""
        return _hash([_describe(entry) for entry in self.entries()])

    def entries(self) -> list[Entry]:
        """All entries, one for each path, sorted; of two for one path the last item's wins."""
        return _sorted(entry for item in self.items for entry in item.entries())


@dataclass(frozen=True)
class Prepared:
    """A layer that is slow to make: `make` fills a folder, once for each `recipe`, that is put at `path`."""

    recipe: str
    make: Callable[[Path], None]
    path: str = "/"

    def key(self) -> str:
        """A hash of the recipe: it must name all that the result depends on."""
        return _hash([self.recipe, self.path])

    def entries(self) -> list[Entry]:
        """All that is in the folder."""
        folder = IMAGES / "folders" / self.key()
        if not folder.exists():
            _make_whole(folder, self.make)
        return _sorted(Folder(folder, self.path).entries())


Layer = Files | Prepared


def layer_tar(layer: Layer) -> Path:
    """The layer's tar, uncompressed; made when the inputs are new."""
    tar = IMAGES / "layers" / f"{layer.key()}.tar"
    if not tar.exists():
        write_whole(tar, lambda target: _write_tar(target, layer.entries()))
    return tar


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Make a file under another name first, so that a killed run leaves no half file under `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(descriptor)
    unfinished = Path(name)
    try:
        write(unfinished)
        unfinished.chmod(0o644)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """The hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a file to a tar, with no trace of who made it or when."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _make_whole(folder: Path, make: Callable[[Path], None]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        make(unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    by_path: dict[str, Entry] = {}
    for entry in entries:
        by_path[entry.path] = entry
        for parent in list(Path(entry.path).parents)[:-1]:
            by_path.setdefault(str(parent), Entry(str(parent), 0o755))
    return [by_path[path] for path in sorted(by_path)]


def _describe(entry: Entry) -> list[str]:
    content = sha256(entry.source) if entry.source else hashlib.sha256(entry.content or b"").hexdigest()
    kind = "file" if entry.source or entry.content is not None else f"link {entry.link}"
    return [entry.path, oct(entry.mode), str(entry.owner), kind, content]


def _hash(description: object) -> str:
    return hashlib.sha256(json.dumps([FORMAT, description]).encode()).hexdigest()[:24]


def _write_tar(target: Path, entries: list[Entry]) -> None:
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as tar:
        for entry in entries:
            _add(tar, entry)


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    member = tarfile.TarInfo(entry.path)
    member.mode = entry.mode
    member.uid = member.gid = entry.owner
    if entry.source:
        member.size = entry.source.stat().st_size
        with entry.source.open("rb") as file:
            tar.addfile(member, file)
    elif entry.content is not None:
        member.size = len(entry.content)
        tar.addfile(member, io.BytesIO(entry.content))
    else:
        member.type = tarfile.SYMTYPE if entry.link is not None else tarfile.DIRTYPE
        member.linkname = entry.link or ""
        tar.addfile(member)
