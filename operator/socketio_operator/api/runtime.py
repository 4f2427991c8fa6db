"""What the operator brings into the pods of an unmodified image."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.base import Model, checked, object_name, rule, secret_key
from socketio_operator.api.pod import Resources


class AdminPassword(Model):
    """A Secret with a password."""

    name: str = object_name("the Secret")
    key: str = secret_key("password", "the password")


class AdminUi(Model):
    """Access for the admin UI of Socket.IO, in the namespace `/admin` of the app's server."""

    password_secret: AdminPassword = Field(
        description="The password; pods read it when they start. Example: `{name: chat-admin}`."
    )
    username: str = Field(
        "admin",
        description="Name to log in with. Default: `admin`.",
        min_length=1,
        max_length=64,
        json_schema_extra=checked(
            rule(
                "self.matches('^[A-Za-z0-9._@-]+$')",
                "adminUi.username is made of letters, digits and ._@-, such as admin.",
            )
        ),
    )
    read_only: bool = Field(
        True,
        description="With false who is logged in may send events to clients, let them join and leave rooms and "
        "disconnect them. Default: true.",
    )
    mode: Literal["production", "development"] = Field(
        "production",
        description="`production`: numbers of each process, every 2 seconds. `development`: each client, room and "
        "event too, which costs processor time and broadcasts. Default: `production`.",
    )


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
    admin_ui: AdminUi | None = Field(
        None,
        description="Lets the admin UI of Socket.IO in; with `inject: node` and Socket.IO 4.4 or later. Default: "
        "nobody. Example: `{passwordSecret: {name: chat-admin}}`.",
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
