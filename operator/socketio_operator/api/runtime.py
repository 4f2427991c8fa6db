"""What the operator brings into the pods of an unmodified image."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.base import Model
from socketio_operator.api.pod import Resources


class Runtime(Model):
    """The runtime that gives a server its adapter, engine options, health, metrics and drain."""

    inject: Literal["node", "python", "none"] = Field(
        "node",
        description="`node`: loaded into Node.js by NODE_OPTIONS, so that an image without an adapter works on many "
        "pods. `python`: the same for python-socketio, by PYTHONPATH. `none`: the app sets itself up from "
        "its environment; for all other images. Default: `node`.",
    )
    port: int = Field(
        9400,
        description="Port of the runtime's health and metrics. Default: 9400.",
        ge=1024,
        le=65535,
    )
    drain_seconds: int = Field(
        20,
        description="Seconds over which a terminating pod closes its connections, one by one. Default: 20.",
        ge=0,
        le=3600,
    )
    resources: Resources | None = Field(
        None,
        description="Compute resources of the init container that copies the runtime into a pod, for namespaces whose "
        "quota or LimitRange requires others. Default: requests of 10m CPU and 16Mi memory, a limit of "
        "64Mi memory. Example: `{limits: {cpu: 100m, memory: 64Mi}}`.",
    )
    heartbeats: bool = Field(
        True,
        description="Whether each pod sends a few bytes through the adapter every 5 seconds, with more than 26 pods "
        "more rarely, so that the operator can report the condition Broadcasting. Default: true.",
    )


class Workers(Model):
    """Processes of the server inside one pod."""

    count: int = Field(
        1,
        description="Processes in each pod. More than 1 starts the image's program that many times behind one port, "
        "through Node's cluster module; each session stays with its process. Default: 1.",
        ge=1,
        le=64,
    )
    balancing: Literal["least-connection", "round-robin", "random"] = Field(
        "least-connection",
        description="Which process gets a new session. Default: `least-connection`.",
    )
