"""What goes into a layer: files, folders and links, each with its final path, mode and owner."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.errors import ClusterError


@dataclass(frozen=True)
class Entry:
    """One path of a layer. Exactly one of source, content, link is set; none of them means a directory."""

    path: str  # without a leading slash
    mode: int
    owner: int = 0  # user and group id
    source: Path | None = None
    content: bytes | None = None
    link: str | None = None


@dataclass(frozen=True)
class Text:
    """A file with the given content."""

    path: str
    content: str
    mode: int = 0o644

    def entries(self) -> Iterator[Entry]:
        """The one file."""
        yield Entry(self.path.lstrip("/"), self.mode, content=self.content.encode())


@dataclass(frozen=True)
class File:
    """A copy of the file `source`."""

    source: Path
    path: str
    mode: int = 0o644

    def entries(self) -> Iterator[Entry]:
        """The one file."""
        yield Entry(self.path.lstrip("/"), self.mode, source=self.source)


@dataclass(frozen=True)
class Link:
    """A symbolic link to the path `target` of the image."""

    path: str
    target: str

    def entries(self) -> Iterator[Entry]:
        """The one link."""
        yield Entry(self.path.lstrip("/"), 0o777, link=self.target)


@dataclass(frozen=True)
class Directory:
    """An empty directory."""

    path: str
    mode: int = 0o755
    owner: int = 0

    def entries(self) -> Iterator[Entry]:
        """The one directory."""
        yield Entry(self.path.strip("/"), self.mode, self.owner)


@dataclass(frozen=True)
class Folder:
    """A copy of all that is in the folder `source`, without names in `exclude`."""

    source: Path
    path: str
    exclude: frozenset[str] = frozenset()

    def entries(self) -> Iterator[Entry]:
        """Each file, link and directory below `source`; files keep only whether they are executable."""
        if not self.source.is_dir():
            raise ClusterError(f"the image needs the folder {self.source}, which does not exist")
        for root, folders, files in os.walk(self.source):
            folders[:] = sorted(set(folders) - self.exclude)
            for name in sorted({*folders, *files} - self.exclude):
                found = Path(root, name)
                yield _copy(found, str(Path(self.path, found.relative_to(self.source))).lstrip("/"))


@dataclass(frozen=True)
class Program:
    """The program `source` of this machine under `path` (by default the same), with its shared libraries."""

    source: str
    path: str = ""

    def entries(self) -> Iterator[Entry]:
        """The program and its libraries; a symbolic link is replaced by what it points to."""
        if not Path(self.source).exists():
            raise ClusterError(f"the image needs the program {self.source}, which does not exist")
        yield Entry((self.path or self.source).lstrip("/"), 0o755, source=Path(self.source).resolve())
        for library in libraries(self.source):
            yield Entry(library.lstrip("/"), 0o755, source=Path(library).resolve())


Item = Text | File | Link | Directory | Folder | Program


def libraries(program: str) -> list[str]:
    """The paths of the shared libraries, and of the loader, of a program; none for a static one."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    missing = [line.strip() for line in done.stdout.splitlines() if "not found" in line]
    if missing:
        raise ClusterError(f"{program} lacks shared libraries: {', '.join(missing)}")
    words = [word for line in done.stdout.splitlines() for word in line.split()]
    return sorted({word for word in words if word.startswith("/")})


def _copy(found: Path, path: str) -> Entry:
    status = found.lstat()
    if stat.S_ISLNK(status.st_mode):
        return Entry(path, 0o777, link=str(found.readlink()))
    if stat.S_ISDIR(status.st_mode):
        return Entry(path, 0o755)
    return Entry(path, 0o755 if status.st_mode & 0o111 else 0o644, source=found)
