"""The sign-in page: rendered on the server, usable without script, by keyboard and by screen reader."""

from html import escape

REFUSED = "The name or the password is not right, or sign-in from here is paused after too many attempts."
EXPIRED = "This sign-in has ended. Please start again."
UNTRUSTED = "This sign-in request is not valid, so nothing was sent anywhere."
SIGNED_OUT = "You are signed out."
UNTOLD = "You could not be signed out of VoiceAssist. Please try again."

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · VoiceAssist</title>
<link rel="stylesheet" href="{base}/style.css">
<link rel="icon" href="data:,">
</head>
<body>
<main>
<p class="brand"><svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true" focusable="false">
<path d="M3 12h4l2.5-6 4 13 3-9 1.5 2H21" fill="none" stroke="currentColor" stroke-width="2"
stroke-linecap="round" stroke-linejoin="round"/></svg><span>VoiceAssist</span></p>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""

FORM = """<p class="lead">Step 1 of 2. You will need your authenticator code next.</p>
{notice}<form method="post" action="{base}/login">
<input type="hidden" name="transaction" value="{transaction}">
<label for="username">User name</label>
<input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false"
 maxlength="256" required{focus_name}{described}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password"
 maxlength="256" required{described}>
<button type="submit">Continue</button>
</form>
<p class="note">Development installation: the seeded users are shown by <code>voiceassist users</code>.</p>
"""

STYLE = """:root{color-scheme:light dark;--ground:#f3f6f7;--card:#fff;--ink:#12262e;--soft:#4c626b;--line:#b9c7cc;
--accent:#0b6470;--accent-ink:#fff;--alarm:#9c1c1c;--alarm-ground:#fdf0ef}
@media (prefers-color-scheme:dark){:root{--ground:#0e181c;--card:#16242a;--ink:#e8f0f2;--soft:#a3b7be;--line:#3d525b;
--accent:#5cc4cf;--accent-ink:#062127;--alarm:#ffb4ab;--alarm-ground:#3a1a1a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:25rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:2rem}
.brand{display:flex;align-items:center;gap:.6rem;margin:0 0 1.5rem;color:var(--accent);font-weight:600}
h1{margin:0;font-size:1.45rem;line-height:1.25}
.lead,.note{color:var(--soft)}
.lead{margin:.35rem 0 1.25rem}
.note{margin:1.25rem 0 0;font-size:.875rem}
label{display:block;margin:0 0 .3rem;font-weight:600;font-size:.9375rem}
input[type=text],input[type=password]{width:100%;min-height:2.75rem;margin:0 0 1rem;padding:.5rem .75rem;font:inherit;
color:inherit;background:transparent;border:1px solid var(--soft);border-radius:8px}
button{width:100%;min-height:2.875rem;font:inherit;font-weight:600;color:var(--accent-ink);background:var(--accent);
border:0;border-radius:8px;cursor:pointer}
button:hover{filter:brightness(1.08)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.alarm{margin:0 0 1.25rem;padding:.75rem .9rem;color:var(--alarm);background:var(--alarm-ground);border-radius:8px;
border-left:4px solid var(--alarm)}
a{color:var(--accent)}
code{font-family:ui-monospace,Menlo,Consolas,monospace}
@media (forced-colors:active){main,button{border:1px solid}}
"""


def sign_in(*, base: str, transaction: str, refused: bool) -> str:
    notice = f'<p class="alarm" role="alert" id="notice">{REFUSED}</p>\n' if refused else ""
    content = FORM.format(
        base=escape(base),
        transaction=escape(transaction),
        notice=notice,
        focus_name=" autofocus",
        described=' aria-invalid="true" aria-describedby="notice"' if refused else "",
    )
    return PAGE.format(title="Sign in", base=escape(base), content=content)


def message(*, base: str, text: str, start: str) -> str:
    """A plain sentence and the way back."""
    content = f'<p class="alarm" role="alert">{escape(text)}</p>\n<p><a href="{escape(start)}">Start again</a></p>\n'
    return PAGE.format(title="Sign-in", base=escape(base), content=content)
