"""The Socket.IO Servers of the process."""
