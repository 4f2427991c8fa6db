"""Annotations that users add to objects which controllers read: what must not be among them, and why.

A key of a controller is refused unless it is on a short list: others undo what the operator sets, or hold
configuration.
"""

from typing import Any

from socketio_operator.api.base import checked, naming, rule

# By controller, those that leave alone what the operator sets: who may come, redirects, buffers, limits of requests.
HARMLESS: dict[str, tuple[str, ...]] = {
    "nginx.ingress.kubernetes.io": (
        "whitelist-source-range",
        "denylist-source-range",
        "ssl-redirect",
        "force-ssl-redirect",
        "proxy-buffering",
        "proxy-buffer-size",
        "proxy-buffers-number",
        "proxy-connect-timeout",
        "limit-connections",
        "limit-rps",
        "limit-rpm",
        "limit-whitelist",
        "enable-access-log",
    ),
    "nginx.org": (
        "ssl-redirect",
        "redirect-to-https",
        "hsts",
        "hsts-max-age",
        "hsts-include-subdomains",
        "proxy-buffering",
        "proxy-buffers",
        "proxy-buffer-size",
        "proxy-connect-timeout",
    ),
    "haproxy-ingress.github.io": (
        "allowlist-source-range",
        "whitelist-source-range",
        "denylist-source-range",
        "ssl-redirect",
        "ssl-redirect-code",
        "hsts",
        "hsts-max-age",
        "limit-connections",
        "limit-rps",
        "limit-whitelist",
        "timeout-connect",
        "timeout-queue",
    ),
    "haproxy.org": (
        "allow-list",
        "deny-list",
        "ssl-redirect",
        "ssl-redirect-code",
        "ssl-redirect-port",
        "rate-limit-period",
        "rate-limit-requests",
        "rate-limit-size",
        "rate-limit-status-code",
        "timeout-connect",
    ),
    "traefik.ingress.kubernetes.io": ("router.entrypoints", "router.priority", "router.tls.certresolver"),
}
# The last three are other names of the same controllers', which have no key on the list.
PREFIXES = (*HARMLESS, "nginx.com", "haproxy.com", "ingress.kubernetes.io")
_OWN_PREFIXES = ("socketio-operator.dev/", "app.kubernetes.io/", "kubectl.kubernetes.io/", "deployment.kubernetes.io/")
_OWN_KEYS = ("kubernetes.io/ingress.class", "kubernetes.io/change-cause")
_RAW = ("-snippet", "-snippets", "/config-backend", "/config-frontend", "/config-global", "/config-defaults")


def _any(test: str, texts: tuple[str, ...]) -> str:
    return "(" + " || ".join(f"k.{test}('{text}')" for text in texts) + ")"


def _one_of(keys: tuple[str, ...]) -> str:
    return "k in [" + ", ".join(f"'{key}'" for key in keys) + "]"


_ALLOWED = _one_of(tuple(f"{prefix}/{name}" for prefix, names in HARMLESS.items() for name in names))
_IS_OWN = f"({_any('startsWith', _OWN_PREFIXES)} || {_one_of(_OWN_KEYS)})"
_IS_RAW = _any("endsWith", _RAW)
_IS_SETTING = f"{_any('startsWith', tuple(f'{prefix}/' for prefix in PREFIXES))} && !{_IS_RAW} && !({_ALLOWED})"
_IS_NO_VALUE = f"{_ALLOWED} && !self[k].matches('^[A-Za-z0-9 .,:/_-]*$')"


def foreign_annotations(field: str) -> dict[str, Any]:
    """`json_schema_extra` of annotations that users add to those of the operator; `field` names them in sentences."""
    sentences = {
        _IS_OWN: "{} is set by the operator or by Kubernetes itself; use a prefix of yours, and "
        "routing.ingressClassName for the class of an Ingress.",
        _IS_RAW: "{} would be configuration of the controller as it stands, which no field takes; set what you need "
        "in the controller itself.",
        _IS_SETTING: "{} is a setting of the controller that the operator makes of this spec, or that could undo one; "
        "use routing and engine, or the controller itself. docs/routers.md has the keys that pass.",
        _IS_NO_VALUE: "{} has a value of other characters than letters, digits, blanks and .,:/_-; write it with "
        "these alone.",
    }
    return checked(
        *(
            {
                **rule(f"!self.exists(k, {wrong})", f"{field}: {text.format('a key')}"),
                **naming(f"self.filter(k, {wrong})[0]", f"{field}: {text}"),
            }
            for wrong, text in sentences.items()
        ),
        maxProperties=32,
    )
