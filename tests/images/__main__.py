"""python -m tests.images [--save] [NAME ...]"""

from __future__ import annotations

import argparse
import sys

from tests.cluster.errors import ClusterError
from tests.cluster.progress import say
from tests.images.building import IMAGES, build, save


def main() -> int:
    """Build the named images, or all; an error that has a cause to fix is printed without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m tests.images")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(IMAGES)}; by default all")
    parser.add_argument("--save", action="store_true", help="write archives, too, for `kind load image-archive`")
    options = parser.parse_args()
    if unknown := set(options.names) - set(IMAGES):
        parser.error(f"there is no image {', '.join(sorted(unknown))}; there are: {', '.join(IMAGES)}")
    try:
        for name in options.names or IMAGES:
            image = build(name)
            say(f"{image} {save(image) if options.save else ''}".rstrip())
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
