"""`python -m events.schemas`: bring the schema files and their page up to date with the catalogue."""

import sys

from events.schemas import page, write
from events.schemas.growth import ShrunkError

try:
    write()
except ShrunkError as refusal:
    sys.exit(str(refusal))
page.write()
