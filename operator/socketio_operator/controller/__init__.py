"""All I/O: the API server, Kopf, the queue, the clock. Decisions are made in `plan`, not here."""
