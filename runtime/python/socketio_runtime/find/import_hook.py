"""Watches the imports and hands python-socketio to the runtime as soon as it is loaded.

Every Python process of the container loads this file: it imports nothing that the interpreter has not loaded anyway.
"""

import sys

NAME = "socketio"


class Finder:
    """First on `sys.meta_path`: wraps the loader that the other finders have for python-socketio."""

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name != NAME:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    _wrap(spec.loader)
                return spec
        return None


def _wrap(loader) -> None:  # type: ignore[no-untyped-def]
    """Only this loader's instance: resources and source of the module are asked of it as ever."""
    execute = loader.exec_module

    def exec_module(module) -> None:  # type: ignore[no-untyped-def]
        execute(module)
        _found(module)

    loader.exec_module = exec_module


def _found(module) -> None:  # type: ignore[no-untyped-def]
    from ..log import guarded

    with guarded("hooking python-socketio"):
        from ..main import found

        found(module)


def install() -> None:
    """To be called before the app's own code runs, by whatever loads the runtime first."""
    if any(isinstance(finder, Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, Finder())
    if NAME in sys.modules:
        _found(sys.modules[NAME])
