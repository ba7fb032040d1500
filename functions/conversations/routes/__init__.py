"""The doors of this room beside main.py, by what they are about."""
