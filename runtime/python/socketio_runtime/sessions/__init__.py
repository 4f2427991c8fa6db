"""A request finds its session: on whatever pod it arrives, it is answered by the one that has the session."""
