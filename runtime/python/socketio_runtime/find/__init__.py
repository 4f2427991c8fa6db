"""What looks for python-socketio in the app's process."""
