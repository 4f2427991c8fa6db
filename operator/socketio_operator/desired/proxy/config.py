"""The proxy's configuration in a ConfigMap for each program: pods of two serve side by side while one takes over."""

import hashlib
import json

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import PROXY, object_meta, proxy_workload_name
from socketio_operator.desired.proxy.programs import program_of


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The ConfigMap."""
    program = program_of(cluster)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": object_meta(cluster, proxy_workload_name(cluster, program.name), PROXY),
        "data": program.configuration(cluster),
    }


def config_hash(cluster: SocketIOCluster) -> str:
    """A short hash of the files that the program reads at its start alone."""
    program = program_of(cluster)
    files = {name: text for name, text in program.configuration(cluster).items() if name not in program.reads_anew}
    text = json.dumps(files, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
