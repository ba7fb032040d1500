"""The local host: gateway and rooms in one process."""
