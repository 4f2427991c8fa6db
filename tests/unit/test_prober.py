"""Probes beside the reconcile: bounded for each namespace and in time, so that one who hangs waits for himself."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest

from socketio_operator.controller.key import Key
from socketio_operator.controller.prober import AT_ONCE_IN_NAMESPACE, Prober
from socketio_operator.plan.broker import BrokerAnswer
from socketio_operator.plan.probes import Finding


@dataclass(frozen=True)
class Asked:
    """A question that hangs, or is answered at once."""

    limit_seconds: ClassVar = 4.0
    hangs: bool = False

    def pause(self, finding: Finding) -> float:
        return 0.01


class Scene:
    """A prober and what it did."""

    def __init__(self) -> None:
        self.found: list[tuple[Key, str, Finding]] = []
        self.asking = self.most = 0
        self.prober = Prober({Asked: self._ask}, lambda *finding: self.found.append(finding))

    async def _ask(self, probe: Asked) -> Finding:
        self.asking += 1
        self.most = max(self.most, self.asking)
        try:
            if probe.hangs:
                await asyncio.sleep(3600)
            return BrokerAnswer.WELL
        finally:
            self.asking -= 1

    def keys_found(self) -> set[Key]:
        return {key for key, _, _ in self.found}


def play(scenario: Callable[[Scene], Awaitable[None]]) -> None:
    async def main() -> None:
        scene = Scene()
        async with asyncio.timeout(10):
            await scenario(scene)
        scene.prober.stop()

    asyncio.run(main())


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  # what is waited for is a count, not an event
        await asyncio.sleep(0.005)


HEALTHY = Key("healthy", "chat")


def test_who_hangs_waits_for_himself() -> None:
    async def scenario(scene: Scene) -> None:
        hanging = [Key("hostile", f"chat-{number}") for number in range(50)]
        for key in hanging:
            scene.prober.want(key, {"broker": Asked(hangs=True)})  # type: ignore[dict-item]
        await until(lambda: scene.asking == AT_ONCE_IN_NAMESPACE)
        scene.prober.want(HEALTHY, {"broker": Asked()})  # type: ignore[dict-item]
        await until(lambda: len(scene.found) >= 3)
        assert scene.keys_found() == {HEALTHY}
        assert scene.most == AT_ONCE_IN_NAMESPACE + 1

    play(scenario)


def test_an_exchange_has_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Asked, "limit_seconds", 0.05)

    async def scenario(scene: Scene) -> None:
        scene.prober.want(HEALTHY, {"broker": Asked(hangs=True)})  # type: ignore[dict-item]
        await until(lambda: scene.found)
        assert scene.found[0] == (HEALTHY, "broker", None)

    play(scenario)


def test_what_is_no_longer_wanted_ends() -> None:
    async def scenario(scene: Scene) -> None:
        scene.prober.want(HEALTHY, {"a": Asked(hangs=True), "b": Asked()})  # type: ignore[dict-item]
        await until(lambda: scene.asking)
        scene.prober.want(HEALTHY, {"b": Asked()})  # type: ignore[dict-item]
        await until(lambda: not scene.asking)
        scene.prober.forget(HEALTHY)
        count = len(scene.found)
        await asyncio.sleep(0.05)
        assert len(scene.found) == count

    play(scenario)
