"""Events on the SocketIOCluster, one for each thing that happens, none when nothing does."""

import logging
import uuid
from datetime import UTC, datetime
from typing import Any, Literal

import aiohttp

from socketio_operator.api import API_VERSION, KIND, SocketIOCluster
from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.errors import ApiError
from socketio_operator.desired.kinds import Kind
from socketio_operator.plan.problem import one_line

logger = logging.getLogger(__name__)

EVENT = Kind("events.k8s.io/v1", "Event", "events", watched=False)
CONTROLLER = "socketio-operator.dev/operator"


class Recorder:
    """Writes events; a lost event is logged and harms nothing."""

    def __init__(self, api: KubeApi, instance: str) -> None:
        self._api, self._instance = api, instance[:128]

    async def record(
        self,
        cluster: SocketIOCluster,
        kind: Literal["Normal", "Warning"],
        reason: str,
        action: str,
        note: str,
    ) -> None:
        """One event. `reason` and `action` are CamelCase words, `note` is a sentence."""
        manifest: dict[str, Any] = {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {"name": f"{cluster.name}.{uuid.uuid4().hex[:16]}", "namespace": cluster.namespace},
            "eventTime": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance,
            "type": kind,
            "reason": reason,
            "action": action,
            "note": one_line(note, 1024),
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "namespace": cluster.namespace,
                "name": cluster.name,
                "uid": cluster.uid,
            },
        }
        try:
            await self._api.post(EVENT, manifest)
        except (ApiError, aiohttp.ClientError, TimeoutError) as error:
            logger.info("An event was lost: %s", error)
