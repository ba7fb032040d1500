"""The gate before a language model: what may be asked, and of whom.

Policy is `LANGUAGE__ALLOW`. `nothing` (the default): no model is asked, whatever its address. `local`: only one whose
address lies inside, on this machine or in a private network, checked when the connection is opened; text stays in the
house. `remote`: one outside, by the rules of the one way out (runtime/egress.py), with passages that belong to nobody
and a question that the gate for remote models lets through (runtime/phi_gate.py); a gate that cannot tell does not.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from socket import gaierror
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from voiceassist.core import addresses
from voiceassist.core.errors import ForbiddenError, SettingsError, UnavailableError, VoiceAssistError
from voiceassist.ports.language import LanguageModel, Prompt
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    import httpx2

    from voiceassist.runtime.egress import Egress, Resolve

CHECK_SECONDS = 2.0
LOOKUP_SECONDS = 5.0

# PhiGate: raises ForbiddenError for texts that must stay, UnavailableError when nobody can tell; it may block.
Check = Callable[[Sequence[str]], None]


class NotSentError(ForbiddenError):
    """Policy keeps the text here; `reason`: NOT_ALLOWED, PRIVATE, IDENTIFIERS, NOT_CHECKED."""

    code = "NOT_SENT"

    def __init__(self, reason: str) -> None:
        super().__init__("The text was not given to a language model.")
        self.reason = reason


class Gated:
    """A language model behind the gate: the only kind that rooms get."""

    def __init__(self, model: LanguageModel, *, allow: str, check: Check) -> None:
        self._model = model
        self._allow = allow
        self._check = check

    @property
    def model_id(self) -> str:
        return self._model.model_id

    @property
    def stays_inside(self) -> bool:
        return self._model.stays_inside

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        await self.admit(prompt)
        async with aclosing(self._model.stream(prompt)) as pieces:
            async for piece in pieces:
                yield piece

    async def admit(self, prompt: Prompt) -> None:
        """Raises NotSentError."""
        if self._allow not in {"local", "remote"} or (self._allow == "local" and not self.stays_inside):
            raise NotSentError("NOT_ALLOWED")
        if self.stays_inside:
            return
        if not prompt.public:
            raise NotSentError("PRIVATE")
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await asyncio.to_thread(self._check, [prompt.question])
        except (UnavailableError, TimeoutError):
            raise NotSentError("NOT_CHECKED") from None
        except ForbiddenError:
            raise NotSentError("IDENTIFIERS") from None


def is_configured(settings: Settings) -> bool:
    """Raises SettingsError where a model is half configured."""
    language = settings.language
    if not language.url:
        return False
    parts = urlsplit(language.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not language.model:
        raise SettingsError("VOICEASSIST_LANGUAGE__URL and VOICEASSIST_LANGUAGE__MODEL must name a model.")
    return language.allow != "nothing"


def opened(settings: Settings, egress: "Egress", *, resolve: "Resolve | None" = None) -> LanguageModel:
    """The configured model, ungated: made once a process."""
    from voiceassist.adapters.openai_chat import OpenAiChat
    from voiceassist.runtime.egress import resolved

    language = settings.language
    inside = language.allow == "local"

    async def find(host: str, port: int) -> list[str]:
        if not inside:
            return await egress.addresses(language.url)
        return await _inside(host, port, resolve or resolved)

    return OpenAiChat(
        language.url,
        language.model,
        api_key=language.api_key,
        seconds=language.seconds,
        transport=_transport(find, settings.ca_file if inside else ""),
        stays_inside=inside,
    )


async def _inside(host: str, port: int, resolve: "Resolve") -> list[str]:
    """Where a host is; OSError unless every address lies on this machine or in a private network."""
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = [host] if addresses.literal(host) is not None else await resolve(host, port)
    except (gaierror, UnicodeError, TimeoutError):
        raise OSError("The language model's address is not known.") from None
    known = [addresses.literal(one) for one in found]
    if not known or not all(one is not None and addresses.is_internal(one) for one in known):
        raise OSError("The language model's address is not inside.")
    return found


def _transport(find: Callable[[str, int], Awaitable[list[str]]], ca_file: str) -> "httpx2.AsyncBaseTransport":
    """Connects to checked addresses only; the name stays in SNI and Host."""
    import certifi
    import httpcore2
    import httpx2

    class Checked(httpcore2.AsyncNetworkBackend):
        def __init__(self) -> None:
            self._inner = httpcore2.AnyIOBackend()

        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore2.AsyncNetworkStream:
            try:
                found = await find(host, port)
            except (OSError, VoiceAssistError) as error:
                raise httpcore2.ConnectError(type(error).__name__) from None
            failure: httpcore2.NetworkError = httpcore2.ConnectError()
            for address in found:
                try:
                    return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
                except httpcore2.NetworkError as error:
                    failure = error
            raise failure

    context = ssl.create_default_context(cafile=certifi.where())
    if ca_file:
        context.load_verify_locations(ca_file)

    class Transport(httpx2.AsyncHTTPTransport):
        def __init__(self) -> None:
            super().__init__(verify=context, trust_env=False)
            self._pool = httpcore2.AsyncConnectionPool(
                ssl_context=context, network_backend=Checked(), retries=0, max_connections=32
            )

    return Transport()
