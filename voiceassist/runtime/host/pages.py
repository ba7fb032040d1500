"""The web app: HTML rendered per response with a fresh nonce, everything else as immutable files.

Header values are those that ran clean in a real browser. One copy of the page is the same for everybody: its service
worker fetches it without a cookie and keeps it for when this host is away (frontend/src/worker).
"""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from voiceassist.core.errors import MethodNotAllowedError, NotFoundError, ValidationError
from voiceassist.runtime.host import headers
from voiceassist.runtime.wiring import ROOT

NONCE_MARK = b"__CSP_NONCE__"
# Filled with `none` where a request has no cookie: the page need not ask who it is, and be refused.
SESSION_MARK = b"__SESSION__"
NOT_BUILT = "The web page is not built yet: run `make install` in the checkout, then reload this page.\n"
IMMUTABLE = "public, max-age=31536000, immutable"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
KEPT = "/voice/offline"
PAGES = {"/voice/": "voice/index.html", KEPT: "voice/index.html"}
WORKER = "/voice/sw.js"
# A worker's own policy: it fetches from here, and makes no script out of text.
WORKER_POLICY = "default-src 'none'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; worker-src 'self'; "
    "style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types va"
)


class Pages:
    """`folder` is the build (`frontend/dist`); `base_url` the name under which people reach us."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self._folder = folder.resolve()
        self._base_url = base_url
        self._canonical = urlsplit(base_url).netloc

    def owns(self, path: str) -> bool:
        """Whether a path belongs to the web app: its page, or a file of its build."""
        return path in {"/", "/voice"} or path in PAGES or self._file(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise MethodNotAllowedError
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        path = scope["path"]
        if path in {"/", "/voice"}:
            return RedirectResponse("/voice/", 307)
        if path in PAGES:
            # Whoever opens the kept copy may have a session; nobody knew when it was kept.
            known = path == KEPT or bool(headers.value(scope["headers"], b"cookie"))
            return self._elsewhere(scope) or self._page(self._folder / PAGES[path], known=known)
        file = self._file(path)
        if file is None:
            raise NotFoundError
        return self._static(file, path, headers.value(scope["headers"], b"accept-encoding"))

    def _page(self, file: Path, *, known: bool) -> Response:
        if not file.is_file():
            return PlainTextResponse(NOT_BUILT, 503, {"cache-control": "no-store"})
        nonce = secrets.token_urlsafe(16)
        html = file.read_bytes().replace(NONCE_MARK, nonce.encode())
        html = html.replace(SESSION_MARK, b"perhaps" if known else b"none")
        said = {"cache-control": "no-store", "content-security-policy": POLICY.format(nonce=nonce)}
        return Response(html, headers=said, media_type="text/html")

    def _elsewhere(self, scope: Scope) -> Response | None:
        """Cookies belong to one host name, so who came by another name of this machine is sent to ours."""
        host = headers.value(scope["headers"], b"host")
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            raise ValidationError("The host name of the request is not valid.") from None
        if host == self._canonical or name not in LOOPBACK or urlsplit(self._base_url).hostname not in LOOPBACK:
            return None
        return RedirectResponse(self._base_url + scope["path"], 307)

    def _static(self, file: Path, path: str, encodings: str) -> Response:
        said = {
            "cache-control": IMMUTABLE if path.startswith("/assets/") else "no-cache",
            "vary": "accept-encoding",
        }
        if path == WORKER:
            said |= {"cache-control": "no-store", "content-security-policy": WORKER_POLICY}
        media_type = FileResponse(file).media_type
        for encoding, suffix in (("br", ".br"), ("gzip", ".gz")):
            smaller = file.with_name(file.name + suffix)
            if encoding in encodings and smaller.is_file():
                return FileResponse(smaller, headers=said | {"content-encoding": encoding}, media_type=media_type)
        return FileResponse(file, headers=said, media_type=media_type)

    def _file(self, path: str) -> Path | None:
        """A file of the build; pages are not served raw, and no path leads out of the folder."""
        relative = path.removeprefix("/")
        if not relative or "\x00" in relative or relative.rstrip("/").endswith((".html", ".br", ".gz", ".map")):
            return None
        try:
            file = (self._folder / relative).resolve()
            return file if file.is_relative_to(self._folder) and file.is_file() else None
        except OSError:  # a name longer than the file system knows
            return None


def build_folder(configured: str) -> Path:
    return Path(configured) if configured else ROOT / "frontend" / "dist"
