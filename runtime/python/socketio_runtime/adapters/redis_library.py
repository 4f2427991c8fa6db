"""The `redis` package: the app's own if it has one, else the copy that the runtime brings."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "vendor")


def load() -> ModuleType:
    """ImportError if there is neither. The copy's folder goes to the end of the path: it hides nothing of the app."""
    try:
        return importlib.import_module("redis")
    except ImportError:
        if FOLDER not in sys.path:
            sys.path.append(FOLDER)
            importlib.invalidate_caches()
    return importlib.import_module("redis")
