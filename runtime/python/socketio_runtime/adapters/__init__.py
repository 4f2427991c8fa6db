"""What carries broadcasts from one process to another."""
