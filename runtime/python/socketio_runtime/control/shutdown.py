"""SIGTERM: drain, then the app's own handler, then exit.

Our handler is the one that Python knows; what the app registers is only remembered (see `signals`), so no handler of
the app runs before the drain is over. Then the main thread gets the signal once more and calls the app's handler, where
and as the app expects it. A second SIGTERM ends the process at once, unless it comes right after the first: one that is
sent to a process group arrives once more through a parent that passes it on, such as gunicorn below dumb-init.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import time
from typing import Any, Callable

from ..log import log
from .drain import Drain
from .signals import AppHandler, take_over

SIGNAL = signal.SIGTERM
REPEAT_SECONDS = 1.0
EXIT_CODE_TERMINATED = 128 + 15
IDLE, DRAINING, DRAINED, HANDED_OVER = range(4)


class Shutdown:
    """`drain_seconds`: None if signals are the app's. `exit_seconds`: what the app's handler may take. `leave`: called
    after the drain. `connections`: how many the process has. `forked`: it is a child of the one that created the
    Server."""

    def __init__(
        self,
        drain: Drain,
        drain_seconds: float | None,
        exit_seconds: float,
        leave: Callable[[], None],
        connections: Callable[[], int],
    ) -> None:
        self._drain = drain
        self._drain_seconds = drain_seconds
        self._exit_seconds = exit_seconds
        self._leave = leave
        self._connections = connections
        self._state = IDLE
        self._asked = 0.0
        self._app: AppHandler | None = None
        self.forked = False

    def install(self) -> None:
        """Takes SIGTERM if the environment asks for a drain."""
        if self._app or self._drain_seconds is None:
            return
        try:
            self._app = take_over(SIGNAL, self._on_signal)
        except ValueError:
            log("SIGTERM: the server was not created in the main thread, signals are left to the app without a drain")

    def _on_signal(self, number: int, frame: Any) -> None:
        raised_by_app = self._app is not None and self._app.take_raised()
        if self._state == IDLE:
            self._state = DRAINING
            self._asked = time.monotonic()
            # not threading.Thread: its start() waits, which a handler must not do under gevent and eventlet
            _thread.start_new_thread(self._drain_and_return, ())
        elif self._state == DRAINED:
            self._state = HANDED_OVER
            self._hand_over(number, frame)
        elif raised_by_app and self._state == HANDED_OVER:
            # a web server that ends after SIGTERM may raise it again, for its parent to see: uvicorn does
            self._call_app(number, frame)
        elif self._state == HANDED_OVER or time.monotonic() - self._asked > REPEAT_SECONDS:
            log("SIGTERM again: exit at once")
            _exit(EXIT_CODE_TERMINATED)

    def _drain_and_return(self) -> None:
        try:
            self._drain.finish(self._drain_seconds or 0)
        except Exception as error:
            log(f"drain failed: {error}")
        self._leave()
        self._state = DRAINED
        os.kill(os.getpid(), SIGNAL)

    def _hand_over(self, number: int, frame: Any) -> None:
        if self._app is None or self._app.is_default():
            self._default(number)
            return
        log(f"SIGTERM: handed to the app's handler, which may take {self._exit_seconds:g} s")
        _thread.start_new_thread(self._limit, (self._exit_seconds,))
        self._call_app(number, frame)

    def _call_app(self, number: int, frame: Any) -> None:
        if self._app:
            self._app.call(number, frame)

    def _default(self, number: int) -> None:
        if self.forked and not self._connections():
            # a worker of the app's own, which its parent expects to end by the signal
            if self._app:
                self._app.give_back()
            os.kill(os.getpid(), number)
        log("exit")
        _exit(0)

    def _limit(self, seconds: float) -> None:
        time.sleep(seconds)
        log("exit")
        _exit(0)


def _exit(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)
