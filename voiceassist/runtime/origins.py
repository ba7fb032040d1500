"""Where our own pages come from and under which names our addresses are known."""

from urllib.parse import urlsplit

from voiceassist.runtime.settings import Settings


def origins(settings: Settings) -> frozenset[str]:
    """In development also by the other names of this machine."""
    base = urlsplit(settings.base_url)
    own = {f"{base.scheme}://{base.netloc}"}
    if settings.profile == "development":
        port = f":{base.port}" if base.port else ""
        own |= {f"{base.scheme}://{name}{port}" for name in ("localhost", "127.0.0.1", "[::1]")}
    return frozenset(own)


def addresses(settings: Settings, path: str) -> frozenset[str]:
    return frozenset(origin + path for origin in origins(settings))
