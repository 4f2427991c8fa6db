"""A git repository on this machine, in place of the one that a team has for its clusters."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

AUTHOR = {f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
BRANCH = "main"


@dataclass(frozen=True)
class Repository:
    """Its working copy is `folder`; Argo CD clones it by `url`."""

    folder: Path

    @property
    def url(self) -> str:
        """What an Application names."""
        return self.folder.as_uri()

    def commit(self, files: Mapping[str, str | None]) -> str:
        """Write files, by path in the repository, delete those that are None, and return the commit's hash."""
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        self._git("add", "--all")
        self._git("commit", "--quiet", f"--message={', '.join(files) or 'The chart'}")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **AUTHOR}).stdout


def new_repository(folder: Path) -> Repository:
    """An empty one."""
    subprocess.run(["git", "init", "--quiet", f"--initial-branch={BRANCH}", folder], check=True)
    return Repository(folder)
