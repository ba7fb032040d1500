"""The client against the double: whole answers are understood, and nothing else is taken for one."""

from dataclasses import replace

import pytest

from functions.users.domain import Directory, DirectoryError, Entry
from functions.users.ocs import Ocs
from tests import ocs_double
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime.egress.named import Named
from voiceassist.runtime.settings import Settings


@pytest.fixture
def cloud():
    with ocs_double.Nextcloud() as running:
        running.add(
            "ada", "doctors", "it", email="ada@hospital.example", displayname=" Ada L. ", last_login=1_700_000_000
        )
        running.add("bob", "nurses", email=None, enabled=False)
        running.add("eve", hidden=True)
        yield running


@pytest.fixture
async def ocs(cloud):
    egress = Named(Settings(), cloud.url)
    directory = Directory(
        DEFAULT_TENANT, cloud.url, "https://issuer.test", {}, ocs_double.ADMIN, ocs_double.APP_PASSWORD, page=2
    )
    yield lambda **changes: Ocs(replace(directory, **changes), egress)
    await egress.close()


async def refused(work, code):
    with pytest.raises(DirectoryError) as error:
        await work
    assert error.value.code == code
    return error.value


async def test_everybody_comes_in_pages_until_an_empty_one(cloud, ocs):
    assert await ocs().everybody() == [
        Entry("ada", "Ada L.", "ada@hospital.example", ("doctors", "it"), True),
        Entry("bob", "Bob", "", ("nurses",), False),
        Entry("eve"),
    ]
    assert cloud.pages() == [0, 2, 4]
    assert await ocs().groups() == {"doctors", "it", "nurses"}


@pytest.mark.parametrize("page", [1, 3, 500])
async def test_the_length_of_a_page_makes_no_difference(cloud, ocs, page):
    assert [one.uid for one in await ocs(page=page).everybody()] == ["ada", "bob", "eve"]


async def test_a_token_is_shown_as_one_and_a_wrong_password_opens_nothing(cloud, ocs):
    assert (await ocs(username="", password="", token=ocs_double.TOKEN).one("ada")).uid == "ada"
    await refused(ocs(password="wrong").everybody(), "DIRECTORY_UNAUTHORISED")
    await refused(ocs(password="wrong").one("ada"), "DIRECTORY_UNAUTHORISED")


@pytest.mark.parametrize("code", [404, 998])
async def test_who_is_not_there_is_told_apart_from_a_server_that_is_not(cloud, ocs, code):
    cloud.no_such = code
    assert await ocs().one("nobody") is None
    await refused(ocs(url=f"{cloud.url}/elsewhere").everybody(), "DIRECTORY_UNREADABLE")


async def test_a_name_is_never_more_than_a_name(cloud, ocs):
    cloud.add("a/b c?d", "doctors")
    assert (await ocs().one("a/b c?d")).uid == "a/b c?d"
    assert await ocs().one("../groups") is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "DIRECTORY_UNREADABLE"),
        (b"<html>maintenance</html>", "DIRECTORY_UNREADABLE"),
        (b'{"ocs": {"meta": {"statuscode": 200}, "data": {"users": {"ada": {"id": "a', "DIRECTORY_UNREADABLE"),
        (b'{"ocs": {"meta": {"statuscode": "200"}, "data": {"users": []}}}', "DIRECTORY_UNREADABLE"),
        (b'{"ocs": {"meta": {"statuscode": 200}, "data": []}}', "DIRECTORY_UNREADABLE"),
        (b'{"ocs": {"meta": {"statuscode": 200}, "data": {"users": "ada"}}}', "DIRECTORY_UNREADABLE"),
        (b'{"ocs": {"meta": {"statuscode": 200}, "data": {"users": [7]}}}', "DIRECTORY_UNREADABLE"),
        (b'{"ocs": {"meta": {"statuscode": 200}, "data": {"users": {"a": {"enabled": "yes", "groups": []}}}}}',
         "DIRECTORY_UNREADABLE"),
        (b'{"ocs": {"meta": {"statuscode": 200}, "data": {"users": {"a": {"enabled": true}}}}}',
         "DIRECTORY_UNREADABLE"),
        (b'{"ocs": {"meta": {"statuscode": 996}, "data": []}}', "DIRECTORY_FAILED"),
        (b'{"ocs": {"meta": {"statuscode": 997}, "data": []}}', "DIRECTORY_UNAUTHORISED"),
    ],
)  # fmt: skip
async def test_half_an_answer_is_none(cloud, ocs, body, code):
    cloud.broken = body
    await refused(ocs().everybody(), code)


async def test_a_busy_slow_failing_or_absent_server_is_told_by_a_code(cloud, ocs, monkeypatch):
    cloud.busy = 90
    assert (await refused(ocs().everybody(), "DIRECTORY_BUSY")).retry_after == 90
    cloud.busy, cloud.fail_at = None, 2
    await refused(ocs().everybody(), "DIRECTORY_FAILED")
    cloud.fail_at, cloud.delay = None, 0.5
    monkeypatch.setattr("functions.users.ocs.SECONDS", 0.1)
    await refused(ocs().everybody(), "DIRECTORY_TIMEOUT")
    await refused(Ocs(ocs()._directory, Named(Settings(), "https://other.test")).everybody(), "DIRECTORY_NOT_ALLOWED")


async def test_the_double_speaks_xml_unless_asked_otherwise_and_wants_its_header(cloud):
    answer = cloud.answer(f"{ocs_double.ROOT}/users", {}, {"authorization": next(iter(ocs_double.accepted())),
                                                             "ocs-apirequest": "true"})  # fmt: skip
    assert answer[2].startswith(b"<?xml")
    assert b"<element>ada</element>" in answer[2]
    assert cloud.answer(f"{ocs_double.ROOT}/users", {}, {})[0] == 412
