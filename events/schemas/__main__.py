"""`python -m events.schemas`: bring the schema files up to date with the catalogue."""

from events.schemas import write

write()
