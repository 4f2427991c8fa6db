"""Clusters that ended unseen, and a watch of them that has died: the sweep finds both, on a real API server."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.clusters import ClusterWatch
from socketio_operator.controller.key import Key
from socketio_operator.controller.settings import Settings
from socketio_operator.controller.store import Store
from socketio_operator.desired.kinds import CLUSTER
from tests.api.test_hostile import cluster_body
from tests.cluster.cluster import Cluster

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("operator")]


class Scene:
    """A watch without Kopf: nobody tells the store of anything but the test."""

    def __init__(self, api: KubeApi, namespace: str) -> None:
        self.api, self.namespace, self.store = api, namespace, Store()
        self.gone: list[Key] = []
        self.watch = ClusterWatch(api, self.store, (namespace,), self._changed)

    def _changed(self, key: Key, is_there: bool) -> None:
        assert not is_there
        self.gone.append(key)
        self.store.forget(key)

    async def made(self, name: str) -> Any:
        return await self.api.post(CLUSTER, cluster_body(self.namespace, name, {"type": "none"}))

    def hear(self, body: Any) -> None:
        self.store.put_cluster(Key(self.namespace, body["metadata"]["name"]), body)


def play(cluster: Cluster, namespace: str, scenario: Callable[[Scene], Awaitable[None]]) -> None:
    async def main() -> None:
        async with await KubeApi.connect(Settings(kubeconfig=cluster.kubeconfig)) as api:
            await scenario(Scene(api, namespace))

    asyncio.run(main())


def test_a_cluster_that_ended_unseen_is_forgotten(cluster: Cluster, namespace: str) -> None:
    async def scenario(scene: Scene) -> None:
        there = await scene.made("there")
        scene.hear(there)
        scene.hear({**there, "metadata": {**there["metadata"], "name": "ghost"}})
        await scene.watch.compare()
        assert scene.gone == [Key(namespace, "ghost")]
        assert list(scene.store.clusters) == [Key(namespace, "there")]

    play(cluster, namespace, scenario)


def test_a_watch_that_tells_of_nothing_is_dead(cluster: Cluster, namespace: str) -> None:
    async def scenario(scene: Scene) -> None:
        late = await scene.made("late")
        await scene.watch.compare()
        assert not scene.watch.is_dead, "its event may be on its way"
        await scene.watch.compare()
        assert scene.watch.is_dead
        scene.hear(await scene.api.get(CLUSTER, namespace, late["metadata"]["name"]))
        await scene.watch.compare()
        assert not scene.watch.is_dead

    play(cluster, namespace, scenario)
