"""What is wrapped in python-socketio and python-engineio."""
