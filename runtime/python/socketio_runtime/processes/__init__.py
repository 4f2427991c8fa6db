"""The processes of this pod that have a server. The one that has the side port asks all of them, so that it speaks for
the pod: below gunicorn and uvicorn an app may have several workers."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any, Callable, Mapping

from ..settings import Address
from .door import Answers, Door, Pod, ask

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """What a process answered; None if it is silent."""

    pid: int
    answer: Any


def _nothing(pid: int) -> Body:
    return {}


class Processes:
    """Without the pod's address and its side port the process knows of no other. `answers`: of this process. `door`:
    where the others ask this one."""

    def __init__(self, address: Address | None, port: int | None, answers: Answers) -> None:
        self._answers = answers
        self._pod = Pod(str(address), port) if address and port else None
        self.door: Door | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """From now on the others may ask this one; any thread may call, again as well."""
        with self._lock:
            if self.door is None and self._pod:
                self.door = Door(self._pod, self._answers)
                self.door.open()

    def forked(self) -> None:
        """In a child process: it answers for itself, once it has a connection. Many a child serves nobody."""
        self._lock = threading.Lock()
        if self.door:
            self.door.forget()
            self.door = None

    def alone(self) -> bool:
        """Whether no other process of the pod has a server."""
        return not self._pod or not self._pod.others()

    def ask(self, question: str, body_of: Callable[[int], Body] = _nothing) -> list[Said]:
        """Asks all, this one first; without those that have ended. `body_of`: by process id."""
        own = Said(os.getpid(), self._answers[question](body_of(os.getpid())))
        if not self._pod:
            return [own]
        bodies = {pid: body_of(pid) for pid in self._pod.others()}
        return [own, *(Said(pid, answer) for pid, answer in ask(self._pod, question, bodies).items())]
