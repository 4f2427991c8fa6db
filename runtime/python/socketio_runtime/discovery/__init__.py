"""Tells clients which servers take new sessions."""
