"""What the operator brings into the pods of an unmodified image."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.base import Model


class Runtime(Model):
    """The runtime that gives a server its adapter, engine options, health, metrics and drain."""

    inject: Literal["node", "none"] = Field(
        "none",
        description="`node`: loaded into Node.js by NODE_OPTIONS, so that an image which knows no adapter works on "
        "many pods. `none`: the app does it itself, from its environment. Default: `none`.",
    )
    port: int = Field(
        9400,
        description="Port of the runtime's health and metrics. Default: 9400.",
        ge=1024,
        le=65535,
    )
    drain_seconds: int = Field(
        20,
        description="Over how many seconds a pod that ends closes its connections, one by one. Default: 20.",
        ge=0,
        le=3600,
    )
