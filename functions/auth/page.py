"""The two pages that a sign-in shows between the issuer and the web app; no script, no style needed."""

from html import escape

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
<p><a href="{link}">{label}</a></p>
</body>
</html>
"""


def onward() -> HTMLResponse:
    """A page of our own site that goes on by itself.

    The callback arrives from the issuer's site, and a redirect from there would still be a cross-site
    request: the browser would not send the SameSite=Strict cookie that this very answer sets.
    """
    refresh = '<meta http-equiv="refresh" content="0;url=/voice/">\n'
    return _page(200, refresh=refresh, text="You are being taken to the second step.", link="/voice/", label="Continue")


def refused(status: int, sentence: str) -> HTMLResponse:
    return _page(status, refresh="", text=escape(sentence), link="/voice/", label="Start again")


def _page(status: int, **parts: str) -> HTMLResponse:
    return HTMLResponse(PAGE.format(**parts), status, {"cache-control": "no-store", "content-security-policy": POLICY})
