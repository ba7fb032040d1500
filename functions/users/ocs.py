"""Nextcloud's provisioning API (OCS, version 2), reading only: people, one person, groups.

`GET /ocs/v2.php/cloud/users/details` and its neighbours, as documented for Nextcloud 31 to 33: JSON is asked for, every
request bears `OCS-APIRequest`, an answer is `{ocs: {meta: {statuscode}, data}}`. Pages are asked for until an empty one
comes: where Nextcloud has several user backends it gives up to `limit` people of each, so a page may be longer or
shorter than asked for, and the offset is counted in pages asked, not in people got.
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from functions.users.domain import LONGEST, LONGEST_UID, Directory, DirectoryError, Entry
from voiceassist.runtime.egress.web import LARGEST_DOCUMENT, Answer, Egress, EgressRefusedError, NoAnswerError

ROOT = "/ocs/v2.php/cloud"
SECONDS = 10.0  # of one request; a page takes Nextcloud one to two with basic authentication
MOST_PAGES = 1_000
LONGEST_WAIT = 3_600
OK = frozenset({100, 200})
UNAUTHORISED, NOT_FOUND = frozenset({401, 997}), frozenset({404, 998})


class Ocs:
    def __init__(self, directory: Directory, egress: Egress) -> None:
        self._directory = directory
        self._egress = egress

    async def everybody(self) -> list[Entry]:
        """All people, each once, in the directory's order; DirectoryError for as little as one page that fails."""
        found: dict[str, Entry] = {}
        async for uid, told in self._pages("/users/details", "users"):
            found.setdefault(uid, entry(uid, told))
        return list(found.values())

    async def one(self, uid: str) -> Entry | None:
        """None where the directory says that there is nobody of this name."""
        data = await self._asked(f"/users/{quote(uid, safe='')}", {})
        return entry(uid, data) if data is not None else None

    async def groups(self) -> frozenset[str]:
        return frozenset([group async for group, _ in self._pages("/groups", "groups")])

    async def _pages(self, path: str, member: str) -> Any:
        size = self._directory.page
        for number in range(MOST_PAGES):
            data = await self._asked(path, {"limit": str(size), "offset": str(number * size)})
            page = data.get(member) if isinstance(data, dict) else None
            if page is None:
                raise DirectoryError("DIRECTORY_UNREADABLE")
            if not page:
                return
            for item in items(page):
                yield item
        raise DirectoryError("DIRECTORY_TOO_LARGE")

    async def _asked(self, path: str, query: Mapping[str, str]) -> Any:
        """The data of an answer; None for a person who is not there."""
        url = f"{self._directory.url}{ROOT}{path}?{urlencode({**query, 'format': 'json'})}"
        headers = {
            "ocs-apirequest": "true",
            "accept": "application/json",
            "authorization": authorization(self._directory),
            "user-agent": "VoiceAssist",
        }
        try:
            answer = await self._egress.get(url, headers=headers, limit=SECONDS)
        except NoAnswerError as error:
            slow = error.reason == "TIMEOUT"
            raise DirectoryError("DIRECTORY_TIMEOUT" if slow else "DIRECTORY_UNREACHABLE") from None
        except EgressRefusedError:
            raise DirectoryError("DIRECTORY_NOT_ALLOWED") from None
        return data_of(answer)


def authorization(directory: Directory) -> str:
    if directory.token:
        return f"Bearer {directory.token}"
    return "Basic " + base64.b64encode(f"{directory.username}:{directory.password}".encode()).decode()


def data_of(answer: Answer) -> Any:
    """What an envelope holds; None where it says that there is no such person. Anything else is DirectoryError."""
    if answer.status in {429, 503}:
        raise DirectoryError("DIRECTORY_BUSY", _wait(answer.headers.get("retry-after", "")))
    if len(answer.body) >= LARGEST_DOCUMENT:
        raise DirectoryError("DIRECTORY_TOO_LARGE")
    status, data = _envelope(answer.body)
    if answer.status in UNAUTHORISED or status in UNAUTHORISED:
        raise DirectoryError("DIRECTORY_UNAUTHORISED")
    if status is None:  # an HTML page, half a document: also a 404 of some other server
        raise DirectoryError("DIRECTORY_UNREADABLE" if answer.status == 200 else "DIRECTORY_FAILED")
    if answer.status in {200, 404} and status in NOT_FOUND:
        return None
    if answer.status != 200 or status not in OK or data is None:
        raise DirectoryError("DIRECTORY_FAILED")
    return data


def _envelope(body: bytes) -> tuple[int | None, Any]:
    try:
        told = msgspec.json.decode(body)["ocs"]
        status, data = told["meta"]["statuscode"], told["data"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return None, None
    return (status, data) if isinstance(status, int) else (None, None)


def items(page: Any) -> Iterator[tuple[str, Any]]:
    """Of an object its members; of a list its members without more. PHP writes what is numbered as a list."""
    pairs = page.items() if isinstance(page, dict) else [(one, one) for one in page] if isinstance(page, list) else None
    if pairs is None:
        raise DirectoryError("DIRECTORY_UNREADABLE")
    for name, told in pairs:
        if isinstance(told, dict):
            yield str(told.get("id", name)), told
        elif isinstance(name, str):
            yield name, told
        else:
            raise DirectoryError("DIRECTORY_UNREADABLE")


def entry(uid: str, told: Any) -> Entry:
    """A person of the answer; somebody without `enabled` is one of whom the directory may tell no more."""
    if not isinstance(told, dict) or not 0 < len(uid) <= LONGEST_UID:
        raise DirectoryError("DIRECTORY_UNREADABLE")
    enabled, groups = told.get("enabled"), told.get("groups")
    if enabled is None:
        return Entry(uid)
    if not isinstance(enabled, bool) or not isinstance(groups, list):
        raise DirectoryError("DIRECTORY_UNREADABLE")
    return Entry(
        uid=uid,
        name=_text(told.get("displayname")) or _text(told.get("display-name")) or uid,
        email=_text(told.get("email")),
        groups=tuple(group for group in groups if isinstance(group, str)),
        enabled=enabled,
    )


def _text(value: object) -> str:
    return value.strip()[:LONGEST].replace("\x00", "") if isinstance(value, str) else ""


def _wait(told: str) -> int | None:
    return min(int(told[:9]), LONGEST_WAIT) if told.isascii() and told.isdigit() else None
