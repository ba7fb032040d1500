"""Journey A2 by API, as far as its parts are there: a nurse is invited, comes in, may little, and is put out; passkeys
in a real browser with the virtual authenticator of Chromium.
"""

import shutil

import pyotp
import pytest
from playwright.sync_api import expect, sync_playwright

PASSWORD = "a long walk at 7 to work"


@pytest.fixture(scope="module")
def admin(product, visitor):
    person = product.person("admin")
    return visitor(product, person["username"], person["password"], person["totp_secret"]).sign_in()


@pytest.mark.req("A2.1")
@pytest.mark.req("A2.2")
@pytest.mark.req("A2.4")
def test_a_nurse_is_invited_comes_in_may_little_and_is_put_out(product, admin, visitor):
    wanted = {"name": "Nora Field", "email": "nora@hospital.example", "role": "user", "profile": "nurse"}
    made = admin.call("POST", "/api/v1/users/invitations", wanted)
    assert made.status_code == 201, made.text
    nurse = visitor(product, "nora", PASSWORD)
    accepted = {"token": made.json()["link"].partition("#invitation=")[2], "username": "nora", "password": PASSWORD}
    assert nurse.call("POST", "/api/v1/auth/invitations/accept", accepted).status_code == 204
    assert nurse.first_factor().status_code == 200
    assert nurse.call("GET", "/api/v1/auth/mfa/challenge").json()["enrol"]
    nurse.secret = nurse.call("POST", "/api/v1/auth/mfa/totp").json()["secret"]
    done = nurse.call("POST", "/api/v1/auth/mfa/totp/confirm", {"code": nurse.code()})
    assert done.status_code == 200, done.text
    assert len(done.json()["recovery_codes"]) == 10
    nurse.csrf = done.json()["session"]["csrf_token"]
    me = nurse.call("GET", "/api/v1/auth/me").json()["user"]
    assert (me["role"], me["profile"]) == ("user", "nurse")
    for method, path in (
        ("GET", "/api/v1/users"),
        ("POST", f"/api/v1/users/{me['id']}/enable"),
        ("DELETE", f"/api/v1/users/{me['id']}/mfa"),
    ):
        assert nurse.call(method, path).status_code == 403
    assert admin.call("POST", f"/api/v1/users/{me['id']}/disable").status_code == 204
    assert nurse.call("GET", "/api/v1/documents").status_code == 401
    assert nurse.first_factor().status_code == 403


def test_a_passkey_is_added_in_a_browser_and_signs_in(product, monkeypatch):
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", shutil.which("node") or "")
    person = product.person("viewer")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(ignore_https_errors=True).new_page()
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})

        def first_factor():
            page.goto(f"{product.url}/voice/")
            page.get_by_test_id("signin").click()
            page.locator("input[name=username]").fill(person["username"])
            page.locator("input[name=password]").fill(person["password"])
            page.locator("button[type=submit]").click()

        first_factor()
        page.get_by_test_id("otp").fill(pyotp.TOTP(person["totp_secret"]).now())
        page.get_by_test_id("otp-submit").click()
        page.get_by_test_id("account").click()
        page.get_by_test_id("passkey-add-field").fill("Ward key")
        page.get_by_test_id("passkey-add").click()
        expect(page.get_by_test_id("passkey")).to_contain_text("Ward key", timeout=20_000)
        page.get_by_test_id("account-close").click()
        page.get_by_test_id("signout").click()
        expect(page.get_by_test_id("signin")).to_be_visible()
        first_factor()
        page.get_by_test_id("use-passkey").click()
        expect(page.get_by_test_id("account")).to_be_visible(timeout=20_000)
        assert page.evaluate("() => localStorage.length + sessionStorage.length") == 0
        browser.close()
