"""What the auth room answers, a router a noun; main.py mounts them."""
