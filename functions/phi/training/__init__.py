"""Builds the tagger's model from generated texts; nothing of it is imported by the running product."""
