"""Connections to one server that the operator named in the settings, such as the organisation's own Nextcloud.

It may stand inside, where `web.Egress` leads nobody, but then wholly: a name with an address inside and one outside is
refused. Nothing but this server is reached, whatever address is asked for. Nothing a patient or clinician said may be
sent this way: what goes is looked through by nobody.
"""

import ssl
from socket import gaierror
from urllib.parse import SplitResult, urlsplit

from voiceassist.core import addresses
from voiceassist.runtime.egress.web import LONGEST_URL, Egress, EgressRefusedError, NoAnswerError, Resolve
from voiceassist.runtime.settings import Settings


class Named(Egress):
    """`base` is the server's address, with a path where it has one. Without TLS this machine only is called."""

    def __init__(self, settings: Settings, base: str, *, resolve: Resolve | None = None) -> None:
        super().__init__(settings, resolve=resolve)
        self._base = urlsplit(base)

    def _parsed(self, url: str) -> SplitResult:
        parts = urlsplit(url)
        if len(url) > LONGEST_URL or not url.isascii() or parts.fragment or "@" in parts.netloc:
            raise EgressRefusedError("URL")
        if parts.scheme not in {"https", "http"}:
            raise EgressRefusedError("SCHEME")
        if (parts.scheme, parts.netloc) != (self._base.scheme, self._base.netloc) or not parts.hostname:
            raise EgressRefusedError("NOT_LISTED")
        return parts

    async def _addresses(self, host: str, port: int, *, loopback_only: bool) -> list[str]:
        try:
            found = [host] if addresses.literal(host) is not None else await self._resolve(host, port)
        except (gaierror, UnicodeError):
            raise NoAnswerError("NO_ADDRESS") from None
        known = [address for one in found if (address := addresses.literal(one)) is not None]
        if not found or len(known) != len(found):
            raise NoAnswerError("NO_ADDRESS")
        if loopback_only:
            fits = all(one.is_loopback for one in known)
        else:
            fits = all(map(addresses.is_internal, known)) or all(map(addresses.is_public, known))
        if not fits:
            raise EgressRefusedError("NOT_PUBLIC")
        return found

    def tls(self) -> ssl.SSLContext:
        context = super().tls()
        if self._ca_file:
            context.load_verify_locations(self._ca_file)  # a server inside has a certificate of the organisation
        return context
