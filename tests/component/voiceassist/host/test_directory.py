"""The directory's doors through the gateway: an API key is the secret of its notices, an administrator looks now."""

import json

import pytest
from click.testing import CliRunner

from tests import ocs_double
from voiceassist.cli import people as command_line

from .conftest import CLI_KEY, rows

ROUTE = "/api/v1/users/directory"
KEYS = "/api/v1/auth/keys"
ISSUER = "https://cloud.test/of-the-gateway"
WANTED = {"name": "Nextcloud", "scopes": ["users:operate"], "expires_in_days": 30}


@pytest.fixture(scope="module")
def cloud():
    with ocs_double.Nextcloud() as running:
        for uid in ("ada", "bob", "eve"):
            running.add(uid, "doctors")
        yield running


@pytest.fixture(scope="module")
def following(start_host, cloud):
    """One more host; whoever signed in at the shared one is known here, too."""
    return start_host(
        NEXTCLOUD__URL=cloud.url,
        NEXTCLOUD__USERNAME=ocs_double.ADMIN,
        NEXTCLOUD__PASSWORD=ocs_double.APP_PASSWORD,
        NEXTCLOUD__ISSUER=ISSUER,
        NEXTCLOUD__GROUPS="doctors=user:physician",
    )


@pytest.fixture(scope="module")
def admin(host, people, clinician):
    return type(clinician)(host, people["admin"]).sign_in()


def states(host):
    found = rows(host, "select sub, status from users where iss = $1 order by sub", ISSUER)
    return {row["sub"]: row["status"] for row in found}


@pytest.mark.req("P2.8")
def test_only_the_right_secret_brings_notices(following, cloud, admin, clinician, problem):
    made = admin.post(KEYS, json=WANTED)
    assert made.status_code == 201, made.text
    problem(clinician.post(KEYS, json=WANTED), 403, "FORBIDDEN")  # the scope is an administrator's
    key, notice = made.json()["key"], {"event": {"user": {"uid": "ada"}}}
    with following.client() as nextcloud:

        def told(authorization, **changes):
            return nextcloud.post(f"{ROUTE}/changed", headers={"authorization": authorization}, json=notice | changes)

        for wrong in (f"Bearer {key[:-1]}x", "Bearer va_", f"Basic {key}", ""):
            problem(told(wrong), 401, "UNAUTHENTICATED")
        problem(told(f"Bearer {CLI_KEY}"), 403, "FORBIDDEN")
        problem(told(f"Bearer {key}", fill="x" * 65_536), 413, "PAYLOAD_TOO_LARGE")
        assert cloud.asked == []
        assert told(f"Bearer {key}").status_code == 204
        assert states(following) == {"ada": "active"}
        problem(nextcloud.post(f"{ROUTE}/sync", headers={"authorization": f"Bearer {key}"}, json={}), 403, "FORBIDDEN")
    assert key not in following.log.read_text()
    assert "ada" not in following.log.read_text().lower().replace("metadata", "")


@pytest.mark.req("P2.8")
def test_an_administrator_and_the_command_line_look_now(following, cloud, admin, clinician, monkeypatch, problem):
    with following.client(cookies=admin.http.cookies) as page:
        csrf = {"x-csrf-token": admin.csrf}
        problem(page.post(f"{ROUTE}/sync", json={}), 403, "CSRF")
        assert page.post(f"{ROUTE}/dry-run", headers=csrf).json()["outcome"] == "done"
        report = page.post(f"{ROUTE}/sync", json={}, headers=csrf).json()
        assert (report["outcome"], report["listed"]) == ("done", 3)
        assert page.get(ROUTE).json() == report
    with following.client(cookies=clinician.http.cookies) as page:
        problem(page.get(ROUTE), 403, "FORBIDDEN")
    assert states(following) == {"ada": "active", "bob": "active", "eve": "active"}
    monkeypatch.setattr(command_line, "running_settings", lambda *_: following.settings)

    def command(*arguments):
        done = CliRunner().invoke(command_line.command, ["sync", *arguments])
        return done.exit_code, done.output

    cloud.people["bob"].enabled = False
    assert command("--dry-run") == (0, "disable      bob\n3 people: 1 would change\n")
    assert states(following)["bob"] == "active"
    code, printed = command("--json")
    told = json.loads(printed)
    assert (code, told["disabled"], told["unchanged"]) == (0, 1, 2)
    assert states(following)["bob"] == "disabled"
    assert command() == (0, "3 people: nothing to do\n")
    kept, cloud.people = cloud.people, {}
    assert command("--force") == (1, "held: EMPTY_ANSWER (2 of 2 would be locked out)\n")
    cloud.people = kept
    assert command("--force", "--dry-run")[0] == 2
    code, printed = command("--tenant", "01900000-0000-7000-8000-0000000000ff")
    assert (code, printed) == (1, "")  # what was refused is told by main(), in one sentence
