"""Stands between the app and one signal: what the app registers is remembered, and called when we say so.

Covers `signal.signal`, `getsignal` and `raise_signal` (uvicorn, gunicorn, plain apps) and `add_signal_handler` of
event loops (hypercorn, aiohttp), before and after we take over.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import Any, Callable

from ..log import log

Handler = Any  # Callable[[int, FrameType | None], Any], SIG_DFL, SIG_IGN, or None: not installed from Python


class AppHandler:
    """The app's handler of one signal. `raising`: the app itself raised the signal, which has not been handled yet."""

    def __init__(self, number: int, current: Handler) -> None:
        self.number = number
        self.current = current
        self.raising = False
        self.real_signal = signal.signal

    def is_default(self) -> bool:
        """Whether the app has none."""
        return self.current in (signal.SIG_DFL, None)

    def call(self, number: int, frame: Any) -> None:
        """Runs it as Python would; nothing if the app ignores the signal or has no handler."""
        if callable(self.current):
            self.current(number, frame)

    def replace(self, handler: Handler) -> Handler:
        """Remembers another one and returns the one before."""
        if not callable(handler) and handler not in (signal.SIG_DFL, signal.SIG_IGN):
            raise TypeError("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
        previous, self.current = self.current, handler
        return previous

    def take_raised(self) -> bool:
        """Whether the signal that is being handled was raised by the app itself."""
        raised, self.raising = self.raising, False
        return raised

    def give_back(self) -> None:
        """Makes the app's handler the real one."""
        self.real_signal(self.number, signal.SIG_DFL if self.current is None else self.current)


def take_over(number: int, handler: Callable[[int, Any], None]) -> AppHandler:
    """Makes `handler` the real one from now on; ValueError outside the main thread."""
    app = AppHandler(number, signal.getsignal(number))
    app.real_signal(number, handler)
    _adopt_from_running_loop(app)
    app.real_signal(number, handler)  # a loop that gives up its handler resets the signal
    _patch_signal_module(app)
    loops = [asyncio.SelectorEventLoop]
    if "uvloop" in sys.modules:
        loops.append(sys.modules["uvloop"].Loop)
    for loop in loops:
        _patch_loop(loop, app)
    return app


def _patch_signal_module(app: AppHandler) -> None:
    real_signal, real_getsignal, real_raise = signal.signal, signal.getsignal, signal.raise_signal

    def wrapped_signal(signalnum: int, handler: Handler) -> Handler:
        return app.replace(handler) if signalnum == app.number else real_signal(signalnum, handler)

    def wrapped_getsignal(signalnum: int) -> Handler:
        return app.current if signalnum == app.number else real_getsignal(signalnum)

    def wrapped_raise(signalnum: int) -> None:
        app.raising = app.raising or signalnum == app.number
        real_raise(signalnum)

    signal.signal, signal.getsignal, signal.raise_signal = wrapped_signal, wrapped_getsignal, wrapped_raise


# The wake-up descriptor of a loop tells it every signal, so a handler that is registered there would run at once.
def _patch_loop(loop_class: Any, app: AppHandler) -> None:
    add, remove = loop_class.add_signal_handler, loop_class.remove_signal_handler

    def add_signal_handler(self: Any, sig: int, callback: Callable[..., Any], *args: Any) -> None:
        if sig == app.number:
            app.replace(_in_loop(self, callback, args))
        else:
            add(self, sig, callback, *args)

    def remove_signal_handler(self: Any, sig: int) -> bool:
        if sig != app.number:
            return bool(remove(self, sig))
        return app.replace(signal.SIG_DFL) not in (signal.SIG_DFL, None)

    loop_class.add_signal_handler, loop_class.remove_signal_handler = add_signal_handler, remove_signal_handler


def _in_loop(loop: Any, callback: Callable[..., Any], args: tuple[Any, ...]) -> Handler:
    return lambda number, frame: loop.call_soon_threadsafe(callback, *args)


def _adopt_from_running_loop(app: AppHandler) -> None:
    """A handler that the app gave to its loop before it created the Server."""
    if getattr(app.current, "__name__", "") != "_sighandler_noop":
        return
    app.current = signal.SIG_DFL
    with contextlib.suppress(RuntimeError):
        loop = asyncio.get_running_loop()
        handle = getattr(loop, "_signal_handlers", {}).get(app.number)
        if handle is not None:
            loop.remove_signal_handler(app.number)
            app.current = lambda number, frame: loop.call_soon_threadsafe(handle._run)
            return
    log("SIGTERM: a handler that an event loop has already is not held back")
