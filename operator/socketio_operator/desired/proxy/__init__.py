"""The proxy that the operator runs in front of the pods."""

HTTP_PORT = 8080
HTTPS_PORT = 8443
# Health and metrics, apart from what clients reach.
OWN_PORT = 8404
HEALTH_PATH = "/healthz"
CONFIG_DIR = "/etc/socketio-proxy"
TLS_DIR = "/etc/socketio-proxy-tls"
# What a proxy writes at its start; nothing of it outlives the pod.
SCRATCH_DIR = "/tmp"
