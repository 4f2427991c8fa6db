"""A node whose pods are all well at once: a kubelet's requests without a container behind them.

It registers the node, renews its lease, says Running and Ready of every pod that the scheduler binds to it, and
confirms the end of those that are deleted.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.admin import MERGE
from tests.bench.credentials import credentials
from tests.bench.streams import Json, request, session_of, watch

IN_FLIGHT = 16
LEASE_SECONDS = 10.0
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
RESOURCES = {"cpu": "100000", "memory": "100Ti", "pods": "100000", "ephemeral-storage": "100Ti"}


class Kubelet:
    """One node. `addresses`: the pods' range."""

    def __init__(self, session: aiohttp.ClientSession, node: str, addresses: str) -> None:
        self._session, self._node = session, node
        self._addresses: Iterator[Any] = ipaddress.ip_network(addresses).hosts()
        self._due: asyncio.Queue[Json] = asyncio.Queue()
        self._done: set[tuple[str, bool]] = set()

    async def run(self) -> None:
        """Registers the node, says so, and looks after its pods until it is ended."""
        await self._register()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew())
            for _ in range(IN_FLIGHT):
                group.create_task(self._work())
            group.create_task(self._watch())

    async def _register(self) -> None:
        meta = {"name": self._node, "labels": {"kubernetes.io/hostname": self._node}}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": meta}
        await request(self._session, "POST", "/api/v1/nodes", json.dumps(node))
        ready = [_condition("Ready", reason="KubeletReady")]
        status = {"capacity": RESOURCES, "allocatable": RESOURCES, "conditions": ready}
        await self._patch(f"/api/v1/nodes/{self._node}/status", {"status": status})

    async def _renew(self) -> None:
        spec = {"holderIdentity": self._node, "leaseDurationSeconds": 4 * int(LEASE_SECONDS), "renewTime": _now(True)}
        meta = {"name": self._node, "namespace": "kube-node-lease"}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec}
        await request(self._session, "POST", LEASES, json.dumps(lease))
        while True:
            await asyncio.sleep(LEASE_SECONDS)
            await self._patch(f"{LEASES}/{self._node}", {"spec": {"renewTime": _now(True)}})

    async def _watch(self) -> None:
        selector = f"&fieldSelector=spec.nodeName%3D{self._node}"
        listed = await request(self._session, "GET", f"/api/v1/pods?limit=1{selector}")
        print("ready", flush=True)
        async for kind, pod in watch(self._session, "/api/v1/pods", selector, listed["metadata"]["resourceVersion"]):
            ends = "deletionTimestamp" in pod["metadata"]
            key = (pod["metadata"]["uid"], ends)
            if kind == "DELETED":
                self._done -= {(key[0], False), (key[0], True)}
            elif key not in self._done:
                self._done.add(key)
                self._due.put_nowait(pod)

    async def _work(self) -> None:
        while True:
            pod = await self._due.get()
            meta = pod["metadata"]
            path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
            try:
                if "deletionTimestamp" in meta:
                    gone = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
                    await request(self._session, "DELETE", path, json.dumps(gone))
                else:
                    await self._patch(f"{path}/status", {"status": self._status(pod)})
            except RuntimeError as error:
                # It may be gone meanwhile, by its namespace's end.
                if " 404 " not in str(error) and " 409 " not in str(error):
                    raise

    def _status(self, pod: Json) -> Json:
        address, now = str(next(self._addresses)), _now()
        types = ("PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready", "PodScheduled")
        return {
            "phase": "Running",
            "conditions": [_condition(type_) for type_ in types],
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": now,
            "initContainerStatuses": [_container(item, _ended(now)) for item in pod["spec"].get("initContainers", ())],
            "containerStatuses": [
                _container(item, {"running": {"startedAt": now}}) for item in pod["spec"]["containers"]
            ],
        }

    async def _patch(self, path: str, body: Json) -> None:
        await request(self._session, "PATCH", path, json.dumps(body), MERGE)


def _condition(type_: str, **more: str) -> Json:
    return {"type": type_, "status": "True", "lastTransitionTime": _now(), **more}


def _container(container: Json, state: Json) -> Json:
    image = container["image"]
    return {
        "name": container["name"],
        "image": image,
        "imageID": image,
        "state": state,
        "ready": True,
        "started": True,
        "restartCount": 0,
    }


def _ended(now: str) -> Json:
    return {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}}


def _now(micro: bool = False) -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds" if micro else "seconds").replace("+00:00", "Z")


async def _run(args: argparse.Namespace) -> None:
    async with session_of(credentials(args.kubeconfig, "bench-kubelet"), IN_FLIGHT + 4) as session:
        await Kubelet(session, args.node, args.addresses).run()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--node", required=True)
    parser.add_argument("--addresses", required=True, help="range of the pods' addresses")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
