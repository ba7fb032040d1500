"""The page of the product in a real browser, before and after the product has gone."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.e2e.test_browser_voice import ARGUMENTS, open_page, sign_in

KEPT = """async () => {
  await navigator.serviceWorker.ready;
  const all = await Promise.all((await caches.keys()).map(async (name) => {
    const cache = await caches.open(name);
    return Promise.all((await cache.keys()).map(async (one) => [one.url, await (await cache.match(one)).text()]));
  }));
  return all.flat();
}"""


@pytest.fixture
def browser(monkeypatch):
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", shutil.which("node") or "")
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Chromium: make test installs it"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


@pytest.mark.req("N59")
def test_the_page_stays_without_its_server_and_keeps_nothing_of_what_was_said(browser, own_product):
    product = own_product().start()
    page, faults = open_page(browser, product)
    devtools = page.context.new_cdp_session(page)
    assert devtools.send("Page.getAppManifest")["errors"] == []
    errors = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {one["errorId"] for one in errors} <= {"in-incognito"}  # nothing can be installed out of a private window
    sign_in(page, product)
    page.get_by_test_id("textbox").fill("What are the first steps in sepsis?")
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("turn-assistant").first).to_contain_text("sepsis", ignore_case=True, timeout=30_000)
    name = product.person("clinician")["name"]
    expect(page.get_by_text(name)).to_be_visible()
    page.get_by_test_id("signout").click()
    expect(page.get_by_test_id("signin")).to_be_visible()
    kept = page.evaluate(KEPT)
    paths = [address.removeprefix(product.url) for address, _ in kept]
    assert "/voice/offline" in paths
    assert [path for path in paths if path != "/voice/offline" and not path.startswith("/assets/")] == []
    assert [path for path, text in kept if name in text or "va_session" in text] == []
    assert [fault for fault in faults if "401" not in fault] == []
    product.stop()
    page.reload()
    expect(page.get_by_role("heading", name="VoiceAssist is offline")).to_be_visible()
    assert page.evaluate("() => localStorage.length + sessionStorage.length") == 0
    assert "Content Security Policy" not in "".join(faults)
