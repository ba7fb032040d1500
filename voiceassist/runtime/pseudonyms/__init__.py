"""Stand-ins for what identifies a person, and the way back: random, one to each person and conversation."""
