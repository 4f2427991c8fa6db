"""The chart that users upgrade from: that of the last tag, or before the last change where there is no tag."""

import io
import subprocess
import tarfile
from pathlib import Path

from tests.helm.tool import CHART

ROOT = CHART.parents[1]
PATH = str(CHART.relative_to(ROOT))


def former_chart(folder: Path) -> Path:
    """The chart as it was, unpacked into `folder`. Raises LookupError where Git has none, as in a shallow clone."""
    archive = _git("archive", "--format=tar", _commit(), "--", PATH)
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    return folder / PATH


def _commit() -> str:
    """The newest tag, or else the newest commit whose chart differs from the one here."""
    tags = _git("tag", "--merged", "HEAD", "--sort=-creatordate").decode().split()
    changes = _git("log", "--format=%H", "--", PATH).decode().split()
    for commit in (*tags, *changes):
        if _git("diff", "--name-only", commit, "--", PATH):
            return commit
    raise LookupError("Git knows no former chart to upgrade from: a shallow clone?")


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout
