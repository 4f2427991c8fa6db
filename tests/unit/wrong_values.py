"""Wrong values and the sentence that refuses each; unit tests and a real API server both read this table."""

from typing import Any

from tests.unit.samples import LEAST
from tests.unit.wrong_pods import WRONG_IN_PODS
from tests.unit.wrong_routes import WRONG_IN_ROUTES
from tests.unit.wrong_specs import routing_with, spec_with

# name of the case -> (spec, part of the sentence)
WRONG_VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "no image": ({"routing": {"host": "chat.example.com"}}, "spec.image: Required value"),
    "no host": ({"image": "chat:1"}, "spec.routing: Required value"),
    "image with a blank": (spec_with(image="chat 1"), "image must be an image reference such as"),
    "negative replicas": (
        spec_with(replicas=-1),
        "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0",
    ),
    "replicas as text": (spec_with(replicas="two"), "spec.replicas in body must be of type integer"),
    "unknown adapter": (
        spec_with(adapter={"type": "rabbit"}),
        'spec.adapter.type: Unsupported value: "rabbit": supported values: "redis", "redis-sharded", "redis-streams", '
        '"postgres", "mongo", "none"',
    ),
    "external broker without Secret": (
        spec_with(adapter={"broker": "external"}),
        "adapter.broker external needs adapter.external.secretName",
    ),
    "recovery without a store": (
        spec_with(adapter={"type": "redis"}, engine={"connectionStateRecovery": {}}),
        "set adapter.type to redis-streams.",
    ),
    "database without a Secret": (
        spec_with(adapter={"type": "postgres"}),
        "for adapter.type postgres or mongo set adapter.broker to external",
    ),
    "adapter that Python has not": (
        spec_with(adapter={"type": "redis-streams"}, runtime={"inject": "python"}),
        "with runtime.inject python set adapter.type to redis or none.",
    ),
    "workers without the runtime": (
        spec_with(workers={"count": 2}, runtime={"inject": "none"}),
        "workers.count above 1 needs runtime.inject node",
    ),
    "size of no volume": (
        spec_with(adapter={"managed": {"storage": {"size": "lots"}}}),
        "storage.size must be a quantity of bytes such as 2Gi.",
    ),
    "host with a scheme": (routing_with(host="https://chat.example.com"), "without scheme, port or path."),
    "host in upper case": (routing_with(host="Chat.example.com"), "routing.host must be a DNS name in lower case"),
    "path with a brace": (routing_with(path="/a{b"), "routing.path must be an absolute path"),
    "read timeout below the ping": (
        routing_with(timeouts={"readSeconds": 45}),
        "routing.timeouts.readSeconds must be longer than engine.pingInterval + engine.pingTimeout",
    ),
    "cookie settings without cookie affinity": (routing_with(cookie={"name": "pod"}), "set routing.affinity to cookie"),
    "cookie for other sites without TLS": (
        routing_with(affinity="cookie", cookie={"sameSite": "None"}),
        "add routing.tls.secretName or use Lax.",
    ),
    "unknown affinity": (routing_with(affinity="ip"), 'supported values: "clientIP", "cookie", "none"'),
    "engine path with a slash at the end": (
        spec_with(engine={"path": "/socket.io/"}),
        "engine.path must be an absolute",
    ),
    "ping of zero": (
        spec_with(engine={"pingInterval": 0}),
        "spec.engine.pingInterval in body should be greater than or equal to 1000",
    ),
    "two variables of a name": (
        spec_with(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
        'spec.env[1]: Duplicate value: {"name":"A"}',
    ),
    "variable with two values": (
        spec_with(env=[{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]),
        "An environment variable takes value or valueFrom, not both.",
    ),
    "mount without volume": (
        spec_with(volumeMounts=[{"name": "data", "mountPath": "/data"}]),
        "Each of volumeMounts must name one of volumes",
    ),
    "volume of two kinds": (
        spec_with(volumes=[{"name": "v", "emptyDir": {}, "configMap": {"name": "app"}}]),
        "A volume takes exactly one of",
    ),
    "host path": (spec_with(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), "unknown field"),
    "no time for the drain": (
        spec_with(pod={"terminationGracePeriodSeconds": 44}),
        "pod.terminationGracePeriodSeconds must leave time for the drain",
    ),
    "a rollout given up before a pod may have started": (
        spec_with(progressDeadlineSeconds=120),
        "progressDeadlineSeconds must be longer than probes.startupSeconds",
    ),
    "a rollout given up before a pod counts": (
        spec_with(minReadySeconds=180),
        "progressDeadlineSeconds must be longer than probes.startupSeconds and minReadySeconds",
    ),
    "spread over nothing": (
        spec_with(pod={"topologySpreadConstraints": [{"maxSkew": 1}]}),
        "topologyKey: Required value",
    ),
    "places that nobody counts": (
        spec_with(pod={"topologySpreadConstraints": [{"topologyKey": "zone", "minDomains": 2}]}),
        "minDomains counts with whenUnsatisfiable DoNotSchedule alone",
    ),
    "an alias without names": (
        spec_with(pod={"hostAliases": [{"ip": "10.0.0.8", "hostnames": []}]}),
        "should have at least 1 items",
    ),
    "a host network": (spec_with(pod={"hostNetwork": True}), 'unknown field "spec.pod.hostNetwork"'),
    "root user": (spec_with(pod={"runAsUser": 0}), "spec.pod.runAsUser in body should be greater than or equal to 1"),
    "label of ours": (
        spec_with(pod={"labels": {"socketio-operator.dev/cluster": "other"}}),
        "pod.labels must not begin with socketio-operator.dev/",
    ),
    "broker variable with a blank": (
        spec_with(adapter={"env": {"url": "REDIS URL"}}),
        "An environment name is made of letters, digits and _",
    ),
    "typing error": (spec_with(replica=3), 'unknown field "spec.replica"'),
    "a path that the route does not reach": (
        {**LEAST, "routing": {"host": "a.example", "path": "/chat"}},
        "engine.path must lie below routing.path",
    ),
    "a path that only begins alike": (
        {**LEAST, "routing": {"host": "a.example", "path": "/socket"}},
        "engine.path must lie below routing.path",
    ),
    "a name of a variable with a line end": (
        {**LEAST, "env": [{"name": "A\nB", "value": "1"}]},
        "An environment name is made of printable ASCII characters",
    ),
    "a prefix with a space": (
        {**LEAST, "adapter": {"prefix": "my shop"}},
        "adapter.prefix is made of letters",
    ),
    **WRONG_IN_PODS,
    **WRONG_IN_ROUTES,
}
