"""`python -m voiceassist.cli.initialise`: schema, people and library, run by `voiceassist up` before its rooms."""

import asyncio
from pathlib import Path

from voiceassist.core.errors import VoiceAssistError
from voiceassist.runtime import logging
from voiceassist.runtime.engines import migrate, secrets
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import load_settings


def main() -> None:
    migrate.main()
    settings = load_settings()
    if settings.oidc.embedded:
        from functions.auth import seed

        seed.run(settings, cli_api_key=secrets.read(Layout(Path(settings.data_dir))).cli_api_key)
    asyncio.run(library())


async def library() -> None:
    """So that the first question finds it. Where that cannot be done now (a remote embedder is away), the room does."""
    from functions.retrieval import library_index
    from voiceassist.runtime import providers

    try:
        await library_index.ensure()
    except VoiceAssistError as error:
        logging.get_logger(__name__).warning("library.unavailable", code=error.code)
    finally:
        await providers.knowledge().close()


if __name__ == "__main__":
    main()
