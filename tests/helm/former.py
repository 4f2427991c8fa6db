"""The chart that users upgrade from: the one before releases."""

import shutil
from pathlib import Path

from tests.helm.tool import CHART

# Its labels lack the instance, its images are arguments, and its ClusterRole has no namespace in its name.
BEFORE_RELEASES = Path(__file__).parent / "before-releases"


def former_chart(folder: Path) -> Path:
    """The chart as it was, in `folder`, with the CRD of today: that is tested by itself."""
    shutil.copytree(BEFORE_RELEASES, folder, dirs_exist_ok=True)
    shutil.copytree(CHART / "files", folder / "files")
    return folder
