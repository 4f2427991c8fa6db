"""Probes beside the reconcile: what talks to a tenant's machine never holds up anybody else.

Invariants: one hard time limit over a whole exchange; at most so many exchanges at once in all, and for one namespace,
so that a tenant whose machines hang waits for itself alone. What was found goes to the store and queues the key.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from socketio_operator.controller.key import Key
from socketio_operator.plan.probes import Finding, Probe

logger = logging.getLogger(__name__)

AT_ONCE = 64
AT_ONCE_IN_NAMESPACE = 8

Ask = Callable[[Any], Awaitable[Finding]]


@dataclass(frozen=True, slots=True)
class _Running:
    probe: Probe
    task: asyncio.Task[None]


class Prober:
    """Runs the probes that reconciles ask for. `ask`: by type of probe. `found`: takes what was found."""

    def __init__(self, ask: Mapping[type, Ask], found: Callable[[Key, str, Finding], None]) -> None:
        self._ask, self._found = ask, found
        self._running: dict[Key, dict[str, _Running]] = {}
        self._all = asyncio.Semaphore(AT_ONCE)
        self._namespaces: dict[str, asyncio.Semaphore] = {}

    def want(self, key: Key, probes: Mapping[str, Probe]) -> None:
        """Runs exactly these for a cluster from now on; one that asks the same as before goes on."""
        running = self._running.get(key, {})
        for name in [name for name, one in running.items() if probes.get(name) != one.probe]:
            running.pop(name).task.cancel()
        for name, probe in probes.items():
            if name not in running:
                running[name] = _Running(probe, asyncio.create_task(self._repeat(key, name, probe)))
        if running:
            self._running[key] = running
        else:
            self._running.pop(key, None)

    def forget(self, key: Key) -> None:
        """Ends all probes of a cluster."""
        self.want(key, {})

    def stop(self) -> None:
        """Ends everything."""
        for key in list(self._running):
            self.forget(key)

    async def _repeat(self, key: Key, name: str, probe: Probe) -> None:
        namespace = self._namespaces.setdefault(key.namespace, asyncio.Semaphore(AT_ONCE_IN_NAMESPACE))
        while True:
            async with AsyncExitStack() as turn:
                await turn.enter_async_context(namespace)
                await turn.enter_async_context(self._all)
                finding = await self._once(probe)
            self._found(key, name, finding)
            await asyncio.sleep(probe.pause(finding) * random.uniform(0.9, 1.1))

    async def _once(self, probe: Probe) -> Finding:
        try:
            async with asyncio.timeout(probe.limit_seconds):
                return await self._ask[type(probe)](probe)
        except TimeoutError:
            return None
        except Exception:
            # Whatever a machine made us do wrong is its own finding, not the end of the prober.
            logger.exception("A probe failed")
            return None
