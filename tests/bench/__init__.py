"""What the operator's engine costs, measured on a real kube-apiserver: `make bench`."""
