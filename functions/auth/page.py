"""The pages that a sign-in shows beside the issuer's and the web app; no script, no style needed."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

from starlette.responses import HTMLResponse

POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>VoiceAssist</title>
<link rel="icon" href="data:,">
{refresh}</head>
<body>
<p>{text}</p>
{links}
</body>
</html>
"""


def onward() -> HTMLResponse:
    """A page of our own site that goes on by itself.

    The callback arrives from the issuer's site, and a redirect from there would still be a cross-site
    request: the browser would not send the SameSite=Strict cookie that this very answer sets.
    """
    refresh = '<meta http-equiv="refresh" content="0;url=/voice/">\n'
    return _page(200, refresh=refresh, text="You are being taken to the second step.", links=[("/voice/", "Continue")])


def choice(labels: Mapping[str, str]) -> HTMLResponse:
    """Where to sign in; `labels` are the providers' by name."""
    ways = [(f"/api/v1/auth/login?{urlencode({'provider': name})}", label) for name, label in labels.items()]
    return _page(200, refresh="", text="Where do you sign in?", links=ways)


def refused(status: int, sentence: str) -> HTMLResponse:
    return _page(status, refresh="", text=escape(sentence), links=[("/voice/", "Start again")])


def _page(status: int, *, refresh: str, text: str, links: Sequence[tuple[str, str]]) -> HTMLResponse:
    """`links` are addresses with what is read there."""
    lines = [f'<p><a href="{escape(address)}">{escape(label)}</a></p>' for address, label in links]
    html = PAGE.format(refresh=refresh, text=text, links="\n".join(lines))
    return HTMLResponse(html, status, {"cache-control": "no-store", "content-security-policy": POLICY})
