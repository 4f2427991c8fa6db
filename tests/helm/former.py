"""The chart that users upgrade from: that of the last tag, or the one before releases where there is no tag."""

import io
import subprocess
import tarfile
from pathlib import Path

from tests.helm.tool import CHART

ROOT = CHART.parents[1]
PATH = str(CHART.relative_to(ROOT))
# Its labels lack the instance, its images are arguments, and its ClusterRole has no namespace in its name.
BEFORE_RELEASES = "f9fef11088dfbb6fb2bfdd6c60dbedb292db7cbf"


def former_chart(folder: Path) -> Path:
    """The chart as it was, unpacked into `folder`. Raises LookupError where Git has none, as in a shallow clone."""
    archive = _git("archive", "--format=tar", _commit(), "--", PATH)
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    return folder / PATH


def _commit() -> str:
    """The newest tag whose chart differs from the one here, or else BEFORE_RELEASES."""
    tags = _git("tag", "--merged", "HEAD", "--sort=-creatordate").decode().split()
    for commit in (*tags, BEFORE_RELEASES):
        if _git("rev-list", "--max-count=1", "--ignore-missing", commit) and _git(
            "diff", "--name-only", commit, "--", PATH
        ):
            return commit
    raise LookupError("Git knows no former chart to upgrade from: a shallow clone?")


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout
