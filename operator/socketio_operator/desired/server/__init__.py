"""The Socket.IO server: the user's image, and what the operator brings into its pods."""
