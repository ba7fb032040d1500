"""The whole product beside a Nextcloud's double: who is disabled there is out here, by the clock on the wall."""

import json
import ssl
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests import ocs_double

SIGNED_OUT = 4401
MOST_SECONDS = 60.0


@pytest.fixture
def cloud():
    with ocs_double.Nextcloud() as running:
        yield running


def closed(voice, deadline):
    """The code by which a voice session is ended; TimeoutError when it goes on until then."""
    try:
        while True:
            voice.recv(timeout=max(0.1, deadline - time.monotonic()))
    except ConnectionClosed as ended:
        return ended.rcvd.code if ended.rcvd else None


@pytest.mark.req("P2.8")
@pytest.mark.req("N47")
@pytest.mark.timeout(600)
def test_who_is_disabled_in_the_directory_is_out_within_a_minute(own_product, visitor, cloud):
    product = own_product(
        VOICEASSIST_NEXTCLOUD__URL=cloud.url,
        VOICEASSIST_NEXTCLOUD__TOKEN=ocs_double.TOKEN,
        VOICEASSIST_NEXTCLOUD__GROUPS="doctors=user:physician, nurses=user:nurse",
    )
    product.settings["VOICEASSIST_NEXTCLOUD__ISSUER"] = f"{product.url}/issuer"
    product.start()
    person = product.person("clinician")
    cloud.add(person["sub"], "doctors")

    def sync(*arguments):
        done = product.cli("users", "sync", "--json", *arguments)
        return done.returncode, json.loads(done.stdout)

    for uid in ("ada", "bob", "carl"):  # the product follows by itself, and may be quicker once, but not each time
        cloud.add(uid, "doctors")
        code, report = sync("--dry-run")
        assert (code, report["outcome"]) == (0, "done")
        if report["changes"]:
            break
    assert report["changes"]
    assert sync()[0] == 0
    browser = visitor(product, person["username"], person["password"], person["totp_secret"]).sign_in()
    assert browser.call("GET", "/api/v1/auth/me").json()["user"]["profile"] == "physician"
    key = json.loads((product.data / "secrets.json").read_text())["cli_api_key"]
    context = ssl.create_default_context(cafile=product.ca)
    address = product.url.replace("https", "wss") + "/v1/realtime?model=voiceassist-local"
    headers = {"Authorization": f"Bearer {key}"}
    with connect(address, ssl=context, additional_headers=headers, proxy=None, max_size=None) as voice:
        voice.recv(timeout=30)
        cloud.people[person["sub"]].enabled = False
        disabled = time.monotonic()
        assert closed(voice, disabled + MOST_SECONDS) == SIGNED_OUT
        took = time.monotonic() - disabled
    print(f"out after {took:.1f} s")
    assert took <= MOST_SECONDS
    assert browser.call("GET", "/api/v1/auth/sessions").status_code == 401
    assert browser.first_factor().status_code == 403  # and a new sign-in is none
    cloud.people[person["sub"]].enabled = True
    code, report = sync()
    assert (code, report["enabled"]) == (0, 1)
    assert browser.first_factor().status_code == 200
