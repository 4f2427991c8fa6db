"""Wrong values of spec.routing, and the sentence that refuses each."""

from typing import Any

from tests.unit.wrong_specs import routing_with, spec_with

# name of the case -> (spec, part of the sentence)
WRONG_IN_ROUTES: dict[str, tuple[dict[str, Any], str]] = {
    "a wildcard in the middle": (routing_with(host="chat.*.example"), "routing.host must be a DNS name in lower case"),
    "a URL for the operator's own client": (
        routing_with(canary={"address": "http://10.0.0.7"}),
        "routing.canary.address is HOST or HOST:PORT",
    ),
    "a bare IPv6 address for the operator's own client": (
        routing_with(canary={"address": "fd00::7"}),
        "routing.canary.address is HOST or HOST:PORT",
    ),
    "an address for the operator's own client without a route": (
        routing_with(router="direct", canary={"address": "10.0.0.7"}),
        "routing.canary.address has no effect here",
    ),
    "a host twice": (
        routing_with(hosts=[{"name": "b.example"}, {"name": "b.example"}]),
        'spec.routing.hosts[1]: Duplicate value: {"name":"b.example"}',
    ),
    "the first host again": (
        routing_with(hosts=[{"name": "chat.example.com"}]),
        "remove the one that is routing.host already",
    ),
    "a further host with a port": (
        routing_with(hosts=[{"name": "b.example:8080"}]),
        "routing.hosts must be a DNS name in lower case",
    ),
    "a certificate of its own without TLS": (
        routing_with(hosts=[{"name": "b.example", "tls": {"secretName": "b"}}]),
        "routing.hosts[].tls adds to routing.tls and needs an Ingress",
    ),
    "a certificate of its own behind a proxy": (
        routing_with(
            router="proxy", tls={"secretName": "a"}, hosts=[{"name": "b.example", "tls": {"secretName": "b"}}]
        ),
        "routing.hosts[].tls adds to routing.tls and needs an Ingress",
    ),
    "a pod below a wildcard": (
        routing_with(host="*.example.com", router="proxy", direct={}),
        "the names below routing.host are those of the pods",
    ),
    "a host among the pods": (
        routing_with(router="proxy", direct={}, hosts=[{"name": "*.chat.example.com"}]),
        "the names below routing.host are those of the pods",
    ),
    "a further path of the whole host": (
        routing_with(path="/socket.io", paths=["/"]),
        "routing.path and routing.paths must lie beside each other",
    ),
    "a path twice": (routing_with(path="/socket.io", paths=["/a", "/a"]), 'Duplicate value: "/a"'),
    "a further path with a query": (
        routing_with(path="/socket.io", paths=["/a?b"]),
        "routing.paths must be an absolute path",
    ),
    "a snippet as an annotation": (
        routing_with(annotations={"nginx.ingress.kubernetes.io/server-snippet": "return 200;"}),
        "routing.annotations: nginx.ingress.kubernetes.io/server-snippet would be configuration of the controller",
    ),
    "a snippet on a Service": (
        routing_with(router="none", service={"annotations": {"haproxy.org/backend-config-snippet": "a"}}),
        "service.annotations: haproxy.org/backend-config-snippet would be configuration of the controller",
    ),
    "a setting of the controller as an annotation": (
        routing_with(annotations={"nginx.org/lb-method": "ip_hash"}),
        "routing.annotations: nginx.org/lb-method is a setting of the controller that the operator makes of this spec",
    ),
    "an annotation of ours": (
        routing_with(annotations={"kubernetes.io/ingress.class": "nginx"}),
        "routing.annotations: kubernetes.io/ingress.class is set by the operator or by Kubernetes itself",
    ),
    "a harmless annotation with more in its value": (
        routing_with(annotations={"nginx.org/hsts": "true;\nreturn 200"}),
        "routing.annotations: nginx.org/hsts has a value of other characters than letters",
    ),
    "an annotation of two lines": (
        routing_with(annotations={"a\nb-snippet": "1"}),
        "routing.annotations: a key would be configuration of the controller",
    ),
    "annotations of no Ingress": (
        routing_with(router="direct", annotations={"a": "b"}),
        "set routing.service.annotations and routing.service.labels",
    ),
    "a label of ours on the route": (
        routing_with(labels={"app.kubernetes.io/name": "other"}),
        "routing.labels must not begin with socketio-operator.dev/ or app.kubernetes.io/",
    ),
    "a cookie with a blank in its name": (
        routing_with(affinity="cookie", cookie={"name": "my pod"}),
        "routing.cookie.name must be made of letters, digits, _ and -",
    ),
    "a cookie that ends at once": (
        routing_with(affinity="cookie", cookie={"maxAgeSeconds": 59}),
        "spec.routing.cookie.maxAgeSeconds in body should be greater than or equal to 60",
    ),
    "a cookie for whom it may concern": (
        routing_with(affinity="cookie", cookie={"sameSite": "lax"}),
        'spec.routing.cookie.sameSite: Unsupported value: "lax": supported values: "Lax", "Strict", "None"',
    ),
    "a router that is none": (routing_with(router="nginx"), 'spec.routing.router: Unsupported value: "nginx"'),
    "a certificate without a name": (routing_with(tls={}), "spec.routing.tls.secretName: Required value"),
    "no Gateway": (routing_with(router="gateway"), "routing.router gateway needs routing.gateway.name"),
    "a Gateway of another kind": (
        routing_with(router="gateway", gateway={"name": "public", "implementation": "istio"}),
        'supported values: "traefik", "envoy-gateway", "nginx-gateway-fabric", "other"',
    ),
    "a proxy beside a controller": (routing_with(proxy={}), "routing.proxy describes the proxy that the operator runs"),
    "a proxy that nobody knows": (
        routing_with(router="proxy", proxy={"type": "envoy"}),
        'spec.routing.proxy.type: Unsupported value: "envoy": supported values: "haproxy", "nginx", "httpd", "traefik"',
    ),
    "a proxy without a pod": (
        routing_with(router="proxy", proxy={"replicas": 0}),
        "spec.routing.proxy.replicas in body should be greater than or equal to 1",
    ),
    "a proxy with an image of two": (
        routing_with(router="proxy", proxy={"image": "haproxy:3.2,nginx"}),
        "spec.routing.proxy.image",
    ),
    "a Service of a controller's route": (
        routing_with(service={"type": "LoadBalancer"}),
        "routing.service describes the Service of routing.router proxy, direct or none",
    ),
    "a policy for traffic from outside that there is none of": (
        routing_with(router="none", service={"externalTrafficPolicy": "Local"}),
        "externalTrafficPolicy needs service.type NodePort or LoadBalancer",
    ),
    "a class of no load balancer": (
        routing_with(router="none", service={"type": "NodePort", "loadBalancerClass": "example.com/a"}),
        "loadBalancerClass needs service.type LoadBalancer",
    ),
    "a Service of another name": (
        routing_with(router="none", service={"type": "ExternalName"}),
        'spec.routing.service.type: Unsupported value: "ExternalName"',
    ),
    "a choice of pods that the router does not know": (
        routing_with(direct={}),
        "routing.direct needs routing.router direct, or proxy with proxy.type haproxy",
    ),
    "one URL for all pods": (
        routing_with(router="direct", direct={"url": "https://chat.example.com"}),
        "direct.url must be the URL of one server",
    ),
    "pods that the proxy does not find": (
        routing_with(router="proxy", direct={"url": "https://{dashed}.other.example"}),
        "With routing.router proxy the servers' host names are {dashed} before routing.host",
    ),
    "a list at the port of the app": (
        spec_with(port=9401, routing={"host": "a.example", "router": "direct"}),
        "routing.direct.port is taken by the app or the runtime",
    ),
    "a list that nobody gives": (
        spec_with(runtime={"inject": "none"}, routing={"host": "a.example", "router": "direct"}),
        "routing.router direct and routing.direct need the runtime",
    ),
    "an address of the client's that the controller chooses": (
        routing_with(router="traefik", clientAddress="forwardedFor"),
        "routing.clientAddress is for routing.router proxy",
    ),
    "an address of the client's by nobody's word": (
        routing_with(router="proxy", clientAddress="proxyProtocol"),
        "needs routing.trustedProxies",
    ),
    "a range of too few addresses": (
        routing_with(router="proxy", clientAddress="forwardedFor", trustedProxies=["10.0.0.0/33"]),
        "Each range of addresses must be one such as 10.0.0.0/8",
    ),
    "a class of no Ingress": (
        routing_with(router="proxy", ingressClassName="nginx"),
        "routing.ingressClassName has no effect here",
    ),
    "a time to send of none": (
        routing_with(timeouts={"sendSeconds": 0}),
        "spec.routing.timeouts.sendSeconds in body should be greater than or equal to 1",
    ),
}
