"""python -m tests.release check|images|index|files|publish: the steps of a release, in this order."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from socketio_operator import __version__
from tests.cluster.errors import ClusterError
from tests.cluster.layout import BUILD, CHECKOUT
from tests.cluster.progress import say
from tests.helm.tool import CHART, helm_binary
from tests.images.building import IMAGES
from tests.installation import INSTALL
from tests.release import registry
from tests.release.changelog import section
from tests.release.chart import pinned
from tests.release.versions import ReleaseError, check, version_of
from tests.render_install import manifests

FOLDER = BUILD / "release"
DIGESTS = FOLDER / "digests.json"
NOTES = FOLDER / "notes.md"
RELEASED = FOLDER / INSTALL.name


def checked(tag: str) -> None:
    """The tag, every stated version and the changelog agree."""
    version = version_of(tag)
    check(CHECKOUT, version)
    section(_changelog(), version)
    say(f"{tag}: all versions agree, and the changelog has its section")


def images(at: str, source: str) -> None:
    """Build every image for this machine's processor and push it."""
    registry.ensure_builder()
    for name, dockerfile in IMAGES.items():
        registry.push_image(dockerfile, _image(at, name), __version__, source)


def index(at: str) -> None:
    """Join the architectures of every image, sign them and write their digests."""
    digests = {name: registry.join(_image(at, name)) for name in IMAGES}
    for name, digest in digests.items():
        registry.sign(f"{at}/{name}", digest)
    FOLDER.mkdir(parents=True, exist_ok=True)
    DIGESTS.write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")


def files(at: str, folder: Path = FOLDER) -> Path:
    """Write the release's files for the digests in `folder`; returns the chart's package."""
    digests = json.loads((folder / DIGESTS.name).read_text(encoding="utf-8"))
    chart, helm = pinned(CHART, at, __version__, digests, folder), helm_binary(4)
    install = manifests(helm, chart)[INSTALL]
    (folder / RELEASED.name).write_text(install, encoding="utf-8")
    registry.run(str(helm), "package", str(chart), f"--destination={folder}", shown=False)
    return folder / f"{CHART.name}-{__version__}.tgz"


def publish(at: str, tag: str) -> None:
    """Push and sign the chart, and make the release on GitHub."""
    package, charts = FOLDER / f"{CHART.name}-{__version__}.tgz", f"{at}/charts"
    registry.sign(f"{charts}/{CHART.name}", registry.push_chart(helm_binary(4), package, charts))
    NOTES.write_text(section(_changelog(), version_of(tag)), encoding="utf-8")
    registry.publish(tag, NOTES, [RELEASED, package])


def main() -> int:
    """One step; an error that has a cause to fix is printed without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m tests.release")
    parser.add_argument("step", choices=("check", "images", "index", "files", "publish"))
    parser.add_argument("--tag", default="", help="such as v0.1.0; for check and publish")
    parser.add_argument("--registry", default="", help="where images go, such as ghcr.io/OWNER/socketio-operator")
    parser.add_argument("--source", default="", help="the repository's URL, a label of the images")
    options = parser.parse_args()
    # Names of images are lower case, those of GitHub's owners need not be.
    at = options.registry.lower().rstrip("/")
    if options.step != "check" and "/" not in at:
        parser.error("--registry is a host and a path, such as ghcr.io/OWNER/socketio-operator")
    steps = {
        "check": lambda: checked(options.tag),
        "images": lambda: images(at, options.source),
        "index": lambda: index(at),
        "files": lambda: say(str(files(at))),
        "publish": lambda: publish(at, options.tag),
    }
    try:
        steps[options.step]()
    except (ReleaseError, ClusterError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _image(at: str, name: str) -> str:
    return f"{at}/{name}:{__version__}"


def _changelog() -> str:
    return (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
