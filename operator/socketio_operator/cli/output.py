"""YAML on standard output."""

import signal
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes every value in full: aliases are hard to read, and some tools refuse them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def print_yaml(documents: Iterable[Mapping[str, Any]]) -> None:
    """Prints documents; ends quietly, as other tools do, when the reader (`| head`) goes away."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    yaml.dump_all(documents, sys.stdout, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
