"""`python -m voiceassist.migrations`: bring the database of VOICEASSIST_POSTGRES__OWNER_DSN up to date."""

import sys

from voiceassist import migrations
from voiceassist.runtime.settings import load_settings


def main() -> int:
    dsn = load_settings().postgres.owner_dsn
    if not dsn:
        print("error: VOICEASSIST_POSTGRES__OWNER_DSN must be set.", file=sys.stderr)  # noqa: T201 - for whoever ran us
        return 1
    migrations.upgrade(dsn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
