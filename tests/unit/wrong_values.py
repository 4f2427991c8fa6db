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
    "resources of the runtime as text": (
        spec_with(runtime={"resources": "small"}),
        "spec.runtime.resources in body must be of type object",
    ),
    "an alias without names": (
        spec_with(pod={"hostAliases": [{"ip": "10.0.0.8", "hostnames": []}]}),
        "should have at least 1 items",
    ),
    "a host network": (spec_with(pod={"hostNetwork": True}), 'unknown field "spec.pod.hostNetwork"'),
    "root user": (spec_with(pod={"runAsUser": 0}), "spec.pod.runAsUser in body should be greater than or equal to 1"),
    "a user beside that of the platform": (
        spec_with(pod={"securityContext": {"identity": "platform", "runAsUser": 1000}}),
        "With pod.securityContext.identity platform the platform chooses user and groups",
    ),
    "a group beside that of the platform": (
        spec_with(pod={"fsGroup": 1000, "securityContext": {"identity": "platform"}}),
        "remove pod.runAsUser, pod.runAsGroup and pod.fsGroup.",
    ),
    "root's group": (
        spec_with(pod={"securityContext": {"supplementalGroups": [0]}}),
        "spec.pod.securityContext.supplementalGroups[0] in body should be greater than or equal to 1",
    ),
    "privilege": (
        spec_with(pod={"securityContext": {"privileged": True}}),
        'unknown field "spec.pod.securityContext.privileged"',
    ),
    "a container with our name": (
        spec_with(pod={"sidecars": [{"name": "server", "image": "a:1"}]}),
        "Container names server and those that begin with socketio-runtime are the operator's own",
    ),
    "an init container with the runtime's name": (
        spec_with(pod={"initContainers": [{"name": "socketio-runtime", "image": "a:1"}]}),
        "Container names server and those that begin with socketio-runtime are the operator's own",
    ),
    "a container's name in upper case": (
        spec_with(pod={"sidecars": [{"name": "Exporter", "image": "a:1"}]}),
        "A container's name is made of lower-case letters, digits and -",
    ),
    "two containers of one name": (
        spec_with(
            pod={"sidecars": [{"name": "a", "image": "a:1"}], "initContainers": [{"name": "a", "image": "a:1"}]},
        ),
        "pod.initContainers and pod.sidecars must not share a name",
    ),
    "a privileged container": (
        spec_with(pod={"sidecars": [{"name": "a", "image": "a:1", "securityContext": {"privileged": True}}]}),
        'unknown field "spec.pod.sidecars[0].securityContext"',
    ),
    "a port of the node": (
        spec_with(pod={"sidecars": [{"name": "a", "image": "a:1", "ports": [{"containerPort": 1, "hostPort": 1}]}]}),
        'unknown field "spec.pod.sidecars[0].ports[0].hostPort"',
    ),
    "a sidecar's mount without volume": (
        spec_with(
            pod={"sidecars": [{"name": "a", "image": "a:1", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]}
        ),
        "Each of volumeMounts of pod.initContainers and pod.sidecars must name one of volumes",
    ),
    "a mount of the runtime's token": (
        spec_with(
            pod={
                "initContainers": [
                    {
                        "name": "a",
                        "image": "a:1",
                        "volumeMounts": [{"name": "socketio-runtime-token", "mountPath": "/t"}],
                    }
                ]
            }
        ),
        "Each of volumeMounts of pod.initContainers and pod.sidecars must name one of volumes",
    ),
    "a sidecar on the server's port": (
        spec_with(pod={"sidecars": [{"name": "a", "image": "a:1", "ports": [{"containerPort": 3000}]}]}),
        "A port of pod.initContainers or pod.sidecars is taken by the server, the runtime or routing.direct",
    ),
    "a sidecar's port with the server's name": (
        spec_with(pod={"sidecars": [{"name": "a", "image": "a:1", "ports": [{"name": "http", "containerPort": 80}]}]}),
        "The port names http, runtime, servers and webtransport are the server's",
    ),
    "a probe of a container that ends": (
        spec_with(
            pod={"initContainers": [{"name": "a", "image": "a:1", "readinessProbe": {"tcpSocket": {"port": 1}}}]}
        ),
        "Ports and probes of pod.initContainers need restartPolicy Always",
    ),
    "a probe of two kinds": (
        spec_with(
            pod={
                "sidecars": [
                    {
                        "name": "a",
                        "image": "a:1",
                        "livenessProbe": {"tcpSocket": {"port": 1}, "exec": {"command": ["true"]}},
                    }
                ]
            }
        ),
        "A probe takes exactly one of httpGet, tcpSocket, exec.",
    ),
    "a probe of another machine": (
        spec_with(
            pod={"sidecars": [{"name": "a", "image": "a:1", "livenessProbe": {"tcpSocket": {"port": 1, "host": "h"}}}]}
        ),
        'unknown field "spec.pod.sidecars[0].livenessProbe.tcpSocket.host"',
    ),
    "eleven sidecars": (
        spec_with(pod={"sidecars": [{"name": f"s{number}", "image": "a:1"} for number in range(11)]}),
        "spec.pod.sidecars: Too many: 11: must have at most 10 items",
    ),
    "an object that is watched twice": (
        spec_with(restartOnChange={"configMaps": ["app", "app"]}),
        'spec.restartOnChange.configMaps[1]: Duplicate value: "app"',
    ),
    "an object of another namespace": (
        spec_with(restartOnChange={"secrets": ["other/api"]}),
        "The name of a ConfigMap or Secret is made of lower-case letters, digits, - and .",
    ),
    "seventeen objects": (
        spec_with(restartOnChange={"secrets": [f"s{number}" for number in range(17)]}),
        "spec.restartOnChange.secrets: Too many: 17: must have at most 16 items",
    ),
    "a container without AppArmor": (
        spec_with(pod={"annotations": {"container.apparmor.security.beta.kubernetes.io/server": "unconfined"}}),
        "pod.annotations may set AppArmor profiles to runtime/default or localhost/... alone",
    ),
    "Redis without AppArmor": (
        spec_with(
            adapter={
                "managed": {
                    "pod": {"annotations": {"container.apparmor.security.beta.kubernetes.io/redis": "unconfined"}}
                }
            }
        ),
        "adapter.managed.pod.annotations may set AppArmor profiles",
    ),
    "a label of ours on Redis": (
        spec_with(adapter={"managed": {"pod": {"labels": {"socketio-operator.dev/component": "server"}}}}),
        "adapter.managed.pod.labels must not begin with socketio-operator.dev/",
    ),
    "a budget of Redis as a number": (
        spec_with(adapter={"managed": {"podDisruptionBudget": 1}}),
        "spec.adapter.managed.podDisruptionBudget in body must be of type boolean",
    ),
    "a child's label of ours": (
        spec_with(childMetadata={"labels": {"app.kubernetes.io/managed-by": "me"}}),
        "childMetadata.labels must not begin with socketio-operator.dev/, app.kubernetes.io/",
    ),
    "a child's annotation of Kubernetes": (
        spec_with(childMetadata={"annotations": {"kubernetes.io/change-cause": "me"}}),
        "childMetadata.annotations must not begin with socketio-operator.dev/, app.kubernetes.io/",
    ),
    "a child's label with a blank": (
        spec_with(childMetadata={"labels": {"team": "my team"}}),
        "The value of a label is made of letters, digits and -_.",
    ),
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
