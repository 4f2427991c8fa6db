"""What can go wrong with the cluster, said so that the reader knows what to do."""


class ClusterError(RuntimeError):
    """The cluster cannot do what was asked; the message names the log to read."""


class ApiError(ClusterError):
    """The API server refused a request; the message is its own."""


class KubectlError(ClusterError):
    """kubectl ended with an error; the message shows its standard error."""
