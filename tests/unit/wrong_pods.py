"""Wrong values of what makes the pods, and of what is between them; and the sentence that refuses each."""

from typing import Any

from tests.unit.wrong_specs import spec_with

CLAIM = {"persistentVolumeClaim": {"claimName": "a"}}

# name of the case -> (spec, part of the sentence)
WRONG_IN_PODS: dict[str, tuple[dict[str, Any], str]] = {
    "an empty image": (spec_with(image=""), "spec.image in body should be at least 1 chars long"),
    "an image that never ends": (spec_with(image="a" * 1025), "spec.image: Too long: may not be more than 1024 bytes"),
    "an image pulled now and then": (
        spec_with(imagePullPolicy="Sometimes"),
        'Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ),
    "a registry twice": (
        spec_with(imagePullSecrets=[{"name": "a"}, {"name": "a"}]),
        'spec.imagePullSecrets[1]: Duplicate value: {"name":"a"}',
    ),
    "more pods than there may be": (
        spec_with(replicas=1001),
        "spec.replicas in body should be less than or equal to 1000",
    ),
    "half a port": (spec_with(port=3000.5), "spec.port in body must be of type integer"),
    "a port beyond the last": (spec_with(port=65536), "spec.port in body should be less than or equal to 65535"),
    "a command in one piece": (spec_with(command="node server.js"), "spec.command in body must be of type array"),
    "a command of too many pieces": (
        spec_with(args=["a"] * 65),
        "spec.args: Too many: 65: must have at most 64 items",
    ),
    "a variable without a name": (spec_with(env=[{"value": "1"}]), "spec.env[0].name: Required value"),
    "a variable from nowhere": (
        spec_with(env=[{"name": "A", "valueFrom": {}}]),
        "valueFrom takes exactly one of secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef.",
    ),
    "a field of another version": (
        spec_with(env=[{"name": "A", "valueFrom": {"fieldRef": {"apiVersion": "v2", "fieldPath": "spec.nodeName"}}}]),
        'spec.env[0].valueFrom.fieldRef.apiVersion: Unsupported value: "v2": supported values: "v1"',
    ),
    "variables from two objects at once": (
        spec_with(envFrom=[{"secretRef": {"name": "a"}, "configMapRef": {"name": "a"}}]),
        "envFrom takes exactly one of secretRef and configMapRef an item.",
    ),
    "a quantity that is true": (
        spec_with(resources={"limits": {"cpu": True}}),
        "spec.resources.limits.cpu in body must be of type",
    ),
    "a volume of ours": (
        spec_with(volumes=[{"name": "socketio-runtime-x", "emptyDir": {}}]),
        "Volume names that begin with socketio-runtime are the operator's own",
    ),
    "a mode of four octal digits": (
        spec_with(volumes=[{"name": "a", "secret": {"secretName": "a", "defaultMode": 0o1777}}]),
        "spec.volumes[0].secret.defaultMode in body should be less than or equal to 511",
    ),
    "a folder in huge pages": (
        spec_with(volumes=[{"name": "a", "emptyDir": {"medium": "HugePages"}}]),
        'spec.volumes[0].emptyDir.medium: Unsupported value: "HugePages"',
    ),
    "a volume of no kind": (spec_with(volumes=[{"name": "a"}]), "A volume takes exactly one of configMap, secret"),
    "two sources in one": (
        spec_with(
            volumes=[{"name": "a", "projected": {"sources": [{"secret": {"name": "a"}, "configMap": {"name": "a"}}]}}]
        ),
        "A projected source takes exactly one of configMap, secret, serviceAccountToken, downwardAPI.",
    ),
    "a token of a minute": (
        spec_with(
            volumes=[
                {
                    "name": "a",
                    "projected": {"sources": [{"serviceAccountToken": {"path": "a", "expirationSeconds": 60}}]},
                }
            ]
        ),
        "expirationSeconds in body should be greater than or equal to 600",
    ),
    "two mounts in one place": (
        spec_with(volumes=[{"name": "a", **CLAIM}], volumeMounts=[{"name": "a", "mountPath": "/a"} for _ in range(2)]),
        'spec.volumeMounts[1]: Duplicate value: {"mountPath":"/a"}',
    ),
    "a mount nowhere": (
        spec_with(volumes=[{"name": "a", **CLAIM}], volumeMounts=[{"name": "a", "mountPath": ""}]),
        "spec.volumeMounts[0].mountPath in body should be at least 1 chars long",
    ),
    "an account without a name": (
        spec_with(serviceAccountName=""),
        "spec.serviceAccountName in body should be at least 1 chars long",
    ),
    "health without a path": (spec_with(health={}), "spec.health.path: Required value"),
    "health at a whole URL": (
        spec_with(health={"path": "http://localhost/health"}),
        "health.path must be an absolute path of letters, digits and ._~-/",
    ),
    "a label's value that is too long": (
        spec_with(pod={"labels": {"team": "a" * 64}}),
        "spec.pod.labels.team: Too long: may not be more than 63 bytes",
    ),
    "an annotation that is a number": (
        spec_with(pod={"annotations": {"team": 1}}),
        "must be of type string",
    ),
    "a taint without effect": (
        spec_with(pod={"tolerations": [{"key": "a", "effect": "Never"}]}),
        'spec.pod.tolerations[0].effect: Unsupported value: "Never"',
    ),
    "a policy of another network": (
        spec_with(pod={"dnsPolicy": "ClusterFirstWithHostNet"}),
        'spec.pod.dnsPolicy: Unsupported value: "ClusterFirstWithHostNet"',
    ),
    "name servers without number": (
        spec_with(pod={"dnsConfig": {"nameservers": ["10.0.0.1"] * 4}}),
        "spec.pod.dnsConfig.nameservers: Too many: 4: must have at most 3 items",
    ),
    "no transport": (
        spec_with(engine={"transports": []}),
        "spec.engine.transports in body should have at least 1 items",
    ),
    "a transport twice": (
        spec_with(engine={"transports": ["polling", "polling"]}),
        'spec.engine.transports[1]: Duplicate value: "polling"',
    ),
    "a transport of old": (
        spec_with(engine={"transports": ["flashsocket"]}),
        'spec.engine.transports[0]: Unsupported value: "flashsocket"',
    ),
    "an engine at no path": (spec_with(engine={"path": "socket.io"}), "engine.path must be an absolute path"),
    "a recovery that nobody makes in time": (
        spec_with(
            adapter={"type": "redis-streams"},
            engine={"connectionStateRecovery": {"maxDisconnectionDuration": 999}},
        ),
        "maxDisconnectionDuration in body should be greater than or equal to 1000",
    ),
    "a broker of both kinds": (
        spec_with(adapter={"broker": "external", "external": {"secretName": "a"}, "managed": {}}),
        "adapter.managed describes the Redis that the operator runs",
    ),
    "a Secret that nothing reads": (
        spec_with(adapter={"external": {"secretName": "a"}}),
        "adapter.broker managed takes no adapter.external.",
    ),
    "a key that is a path": (
        spec_with(
            adapter={
                "broker": "external",
                "external": {"secretName": "a", "caSecret": {"name": "b", "key": "../ca.crt"}},
            }
        ),
        "A key is made of letters, digits, -, _ and ., such as ca.crt.",
    ),
    "an admin UI without the runtime that brings it": (
        spec_with(
            runtime={"inject": "python", "adminUi": {"passwordSecret": {"name": "a"}}}, adapter={"type": "redis"}
        ),
        "runtime.adminUi needs runtime.inject node, which brings the package for it",
    ),
    "an admin UI without a password": (
        spec_with(runtime={"adminUi": {}}),
        "spec.runtime.adminUi.passwordSecret: Required value",
    ),
    "a name to log in with that a shell would read": (
        spec_with(runtime={"adminUi": {"passwordSecret": {"name": "a"}, "username": "$(HOME)"}}),
        "adminUi.username is made of letters, digits and ._@-, such as admin.",
    ),
    "an external broker in parts": (
        spec_with(adapter={"broker": "external", "external": {"secretName": "a"}, "env": {"host": "REDIS_HOST"}}),
        "With adapter.broker external only adapter.env.url can be mapped",
    ),
    "a volume without a size": (
        spec_with(adapter={"managed": {"storage": {"storageClassName": "fast"}}}),
        "spec.adapter.managed.storage.size: Required value",
    ),
    "a prefix that never ends": (
        spec_with(adapter={"prefix": "a" * 129}),
        "spec.adapter.prefix: Too long: may not be more than 128 bytes",
    ),
    "a runtime for another language": (
        spec_with(runtime={"inject": "ruby"}),
        'spec.runtime.inject: Unsupported value: "ruby": supported values: "node", "python", "none"',
    ),
    "a runtime at the port of the app": (
        spec_with(port=9400),
        "runtime.port is taken by the app's own port",
    ),
    "a runtime at a port of root's": (
        spec_with(runtime={"port": 1023}),
        "spec.runtime.port in body should be greater than or equal to 1024",
    ),
    "more workers than there may be": (
        spec_with(workers={"count": 65}),
        "spec.workers.count in body should be less than or equal to 64",
    ),
    "workers in no order": (
        spec_with(workers={"balancing": "sticky"}),
        'supported values: "least-connection", "round-robin", "random"',
    ),
    "no time to start": (
        spec_with(probes={"startupSeconds": 0}),
        "spec.probes.startupSeconds in body should be greater than or equal to 1",
    ),
    "a peer of two kinds": (
        spec_with(networkPolicy={"clients": [{"cidr": "10.0.0.0/8", "podSelector": {"matchLabels": {}}}]}),
        "Each peer takes either cidr, or namespaceSelector, podSelector or both.",
    ),
    "a peer that is an address": (
        spec_with(networkPolicy={"monitoring": [{"cidr": "10.0.0.1"}]}),
        "Each range of addresses must be one such as 10.0.0.0/8",
    ),
    "a selector by expressions": (
        spec_with(networkPolicy={"clients": [{"podSelector": {"matchLabels": {"app": "a"}, "matchExpressions": []}}]}),
        'unknown field "spec.networkPolicy.clients[0].podSelector.matchExpressions"',
    ),
    "paused in words": (spec_with(paused="yes"), "spec.paused in body must be of type boolean"),
}
