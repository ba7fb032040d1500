"""A clinician's first minute in a real browser: password, second factor, a spoken question, a cited answer.

Chromium is fed a WAV as its microphone. Nothing here says anything about echo cancellation or real rooms.
"""

import shutil
import time
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

QUESTION = "How do I treat atrial fibrillation with a high stroke risk?"
SCREENSHOTS = Path(__file__).resolve().parents[2] / "docs" / "images"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    # A service worker comes only with a certificate that the browser trusts, whatever a context overlooks.
    "--ignore-certificate-errors",
]


@pytest.fixture
def browser(say, monkeypatch):
    # The machine's own Node.js: the one that playwright brings needs a library a bare Debian lacks.
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", shutil.which("node") or "")
    wav = say(QUESTION, rate=48_000, lead_s=1.0, tail_s=2.0)
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Chromium: make test installs it"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium, args=[*ARGUMENTS, f"--use-file-for-fake-audio-capture={wav}%noloop"]
        )
        yield running
        running.close()


def open_page(browser: Browser, product, **options) -> tuple[Page, list[str]]:
    # The local CA is not in the browser's store; that the certificate is right is tested by every other client.
    context = browser.new_context(ignore_https_errors=True, permissions=["microphone"], **options)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((product.url, product.url.replace("https", "wss"), "data:", "blob:"))
            else faults.append(f"off origin: {request.url}")
        ),
    )
    page.goto(f"{product.url}/voice/")
    return page, faults


def sign_in(page: Page, product) -> None:
    person = product.person("clinician")
    page.get_by_test_id("signin").click()
    page.locator("input[name=username]").fill(person["username"])
    page.locator("input[name=password]").fill(person["password"])
    page.locator("button[type=submit]").click()
    page.get_by_test_id("otp").fill(fresh_code(person["totp_secret"]))
    page.get_by_test_id("otp-submit").click()


def fresh_code(secret: str, used: list[int] = []) -> str:  # noqa: B006 - what this run has used up
    """A code counts once, and the next step's is taken already."""
    step = max([int(time.time()) // 30, *(one + 1 for one in used)])
    while step > int(time.time()) // 30 + 1:
        time.sleep(1)
    used.append(step)
    return pyotp.TOTP(secret).at(step * 30)


def shot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    if not (SCREENSHOTS / f"{name}.png").exists():
        page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.mark.req("P4.1")
def test_sign_in_speak_and_hear_a_cited_answer(browser, product):
    page, faults = open_page(browser, product, viewport={"width": 1280, "height": 820})
    shot(page, "signed-out")
    sign_in(page, product)
    page.get_by_test_id("handsfree").click()
    page.get_by_test_id("consent-accept").click()  # nothing is recorded before it
    expect(page.get_by_test_id("turn-user").first).to_contain_text("atrial fibrillation", timeout=30_000)
    expect(page.get_by_test_id("turn-assistant").first).to_contain_text("anticoag", timeout=30_000)
    citation = page.get_by_test_id("citations").get_by_test_id("citation").first
    expect(citation).to_contain_text("fibrillation", ignore_case=True)
    page.wait_for_function(
        "() => Number(document.querySelector('[data-testid=state]').dataset.renderedSamples) > 24000", timeout=30_000
    )
    page.wait_for_timeout(300)
    shot(page, "voice-page")
    stored = page.evaluate("() => localStorage.length + sessionStorage.length")
    assert stored == 0
    page.get_by_test_id("signout").click()
    expect(page.get_by_test_id("signin")).to_be_visible()
    assert [fault for fault in faults if "401" not in fault] == []


def test_typing_a_score_shows_its_card_with_assumptions_marked(browser, product):
    page, faults = open_page(browser, product, viewport={"width": 1280, "height": 820}, color_scheme="dark")
    sign_in(page, product)
    page.get_by_test_id("textbox").fill("CHA2DS2-VASc of a 68 year old man with hypertension and diabetes")
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("turn-assistant").last).to_contain_text("Which of these apply", timeout=20_000)
    page.get_by_test_id("textbox").fill("just answer")
    page.get_by_test_id("send").click()
    card = page.get_by_test_id("calculator").first
    expect(card).to_contain_text("3", timeout=20_000)
    expect(card).to_contain_text("assumed", ignore_case=True)
    page.wait_for_timeout(300)
    shot(page, "calculator-card")
    assert [fault for fault in faults if "401" not in fault] == []


def test_a_wrong_code_is_refused_on_the_page(browser, product):
    page, _ = open_page(browser, product)
    person = product.person("viewer")
    page.get_by_test_id("signin").click()
    page.locator("input[name=username]").fill(person["username"])
    page.locator("input[name=password]").fill(person["password"])
    page.locator("button[type=submit]").click()
    right = pyotp.TOTP(person["totp_secret"]).now()
    page.get_by_test_id("otp").fill(f"{(int(right) + 1) % 1_000_000:06d}")
    page.get_by_test_id("otp-submit").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_test_id("talk")).to_have_count(0)
