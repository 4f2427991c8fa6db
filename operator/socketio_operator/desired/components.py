"""Registry of components: one folder a component, one line here. Workloads are applied in this order."""

from socketio_operator.desired.component import Component
from socketio_operator.desired.proxy.component import COMPONENT as PROXY
from socketio_operator.desired.redis.component import COMPONENT as REDIS
from socketio_operator.desired.server.component import COMPONENT as SERVER

COMPONENTS: dict[str, Component] = {component.label: component for component in (REDIS, SERVER, PROXY)}
