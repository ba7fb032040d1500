"""`python -m voiceassist.cli.initialise`: schema and seeded people, run by `voiceassist up` before the rooms start."""

from pathlib import Path

from voiceassist.runtime.engines import migrate, secrets
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import load_settings


def main() -> None:
    migrate.main()
    settings = load_settings()
    if settings.oidc.embedded:
        from functions.auth import seed

        seed.run(settings, cli_api_key=secrets.read(Layout(Path(settings.data_dir))).cli_api_key)


if __name__ == "__main__":
    main()
