"""When the process takes clients, when it moves them, and how it ends."""
