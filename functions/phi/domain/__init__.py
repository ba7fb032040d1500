"""What identifies a person in a text, and where: no network, no state, no clock."""
