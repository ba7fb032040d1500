"""Whether a text may go to a model outside: the one place that says yes.

Denied unless the policy allows it, and then only a text in which the room phi finds no identifier; no answer of that
room is a no. It finds identifiers by their shape and not names or places, so the policy belongs on only where texts
hold none: `VOICEASSIST_MODELS__REMOTE_POLICY` is `deny` by default.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import msgspec

from voiceassist.core.errors import ForbiddenError, UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import http
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    import httpx

# Finds identifiers in a text: how many.
Scan = Callable[[str], int]
AT_ONCE = 200_000
OVERLAP = 1_000  # so that no identifier is cut in two
SECONDS = 30.0


class PhiBlockedError(ForbiddenError):
    """The text stays here; nothing of it is told."""

    code = "PHI_BLOCKED"


class _Detected(msgspec.Struct):
    entities: list[msgspec.Raw]


class PhiGate:
    def __init__(self, settings: Settings, *, scan: Scan | None = None) -> None:
        self._allowed = settings.models.remote_policy == "scan"
        self._scan = scan or partial(_asked, settings)

    def __call__(self, texts: Sequence[str]) -> None:
        """Raises PhiBlockedError when one of them must stay, UnavailableError when nobody could look."""
        if not self._allowed:
            raise PhiBlockedError("Texts do not leave this installation: the policy for remote models denies it.")
        if any(self._scan(portion) for text in texts for portion in _portions(text)):
            raise PhiBlockedError("The text holds identifiers and does not leave this installation.")


def _portions(text: str) -> Iterator[str]:
    for start in range(0, len(text), AT_ONCE - OVERLAP):
        yield text[start : start + AT_ONCE]


def _asked(settings: Settings, text: str) -> int:
    import httpx

    identity = http.identity_headers(service("models"), issuer="models", settings=settings)
    try:
        answer = _client(settings.ca_file).post(
            f"{settings.room('phi')}/api/v1/phi/detect",
            content=msgspec.json.encode({"text": text}),
            headers=identity | {"content-type": "application/json"},
        )
        if answer.status_code == 200:
            return len(msgspec.json.decode(answer.content, type=_Detected).entities)
    except (httpx.HTTPError, msgspec.MsgspecError):
        pass
    raise UnavailableError("The text could not be looked through for identifiers.", code="PHI_SCAN_UNAVAILABLE")


@lru_cache(maxsize=1)
def _client(ca_file: str) -> "httpx.Client":
    """A client of its own: embedders work in threads, where the shared one does not."""
    import ssl

    import httpx

    context = ssl.create_default_context(cafile=ca_file) if ca_file else True
    return httpx.Client(
        verify=context, timeout=httpx.Timeout(SECONDS, connect=2.0), follow_redirects=False, trust_env=False
    )
