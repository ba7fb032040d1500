"""The stores and processes of a local installation, supervised by `voiceassist up`."""
