"""Signing in on the page, as a person does."""

import json

import pyotp
from playwright.sync_api import Page

from voiceassist.runtime.engines.layout import Layout


def people_of(layout: Layout) -> dict[str, dict[str, str]]:
    return {one["username"]: one for one in json.loads((layout.data / "seed-users.json").read_text())["users"]}


def sign_in(page: Page, person: dict[str, str]) -> None:
    page.get_by_test_id("signin").click()
    page.locator("input[name=username]").fill(person["username"])
    page.locator("input[name=password]").fill(person["password"])
    page.locator("button[type=submit]").click()
    page.get_by_test_id("otp").fill(pyotp.TOTP(person["totp_secret"]).now())
    page.get_by_test_id("otp-submit").click()
