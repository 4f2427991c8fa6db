"""What probes, the operator and other pods ask the runtime."""
