"""`python -m events.schemas`: bring the schema files and their page up to date with the catalogue."""

from events.schemas import page, write

write()
page.write()
