"""A Nextcloud on this machine that knows its provisioning API and nothing else, as documented for 31 to 33.

Envelopes `{ocs: {meta, data}}`, XML unless `format=json` or an Accept of JSON asks otherwise; `limit` and `offset`;
statuscodes 997 (HTTP 401) for who is not signed in, 998 (HTTP 404) for who is not there, and, as version 2 of the API
answers where a controller says "not found" by itself, 404. Switches make it slow, busy, broken or forgetful.
"""

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ROOT = "/ocs/v2.php/cloud"
ADMIN, APP_PASSWORD, TOKEN = "sync", "app-password-of-tests", "bearer-of-tests"


@dataclass
class Person:
    """`hidden`: the asking account may see no more than the name."""

    uid: str
    displayname: str = ""
    email: str | None = None
    groups: list[str] = field(default_factory=list)
    enabled: bool = True
    last_login: int = 0
    hidden: bool = False

    def details(self) -> dict[str, Any]:
        if self.hidden:
            return {"id": self.uid}
        return {
            "enabled": self.enabled,
            "storageLocation": f"/var/www/html/data/{self.uid}",
            "id": self.uid,
            "firstLoginTimestamp": self.last_login,
            "lastLoginTimestamp": self.last_login,
            "lastLogin": self.last_login * 1000,
            "backend": "Database",
            "subadmin": [],
            "quota": {"free": 1, "used": 1, "total": 2, "relative": 50, "quota": "none"},
            "manager": "",
            "email": self.email,
            "additional_mail": [],
            "displayname": self.displayname or self.uid,
            "display-name": self.displayname or self.uid,
            "groups": self.groups,
            "language": "en",
            "locale": "",
            "notify_email": None,
            "backendCapabilities": {"setDisplayName": True, "setPassword": True},
        }


class Nextcloud:
    """`people` is the directory. `busy`: seconds of Retry-After of a 429; `delay`: seconds before an answer; `broken`:
    sent instead of a page of people; `fail_at`: the offset whose page is a 500; `no_such`: whether 998 or 404 says it.

    `before(path, query)` is called ahead of every answer, so that a test can change the directory between two pages.
    """

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.busy: int | None = None
        self.delay = 0.0
        self.broken: bytes | None = None
        self.fail_at: int | None = None
        self.no_such = 404
        self.before: Any = None
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                double.asked.append((parts.path, query))
                if double.before:
                    double.before(parts.path, query)
                time.sleep(double.delay)
                status, headers, body = double.answer(parts.path, query, self.headers)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads, block_on_close = True, False

            def handle_error(self, *_arguments: Any) -> None:
                return  # a client that went away is part of the tests

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add(self, uid: str, *groups: str, **about: Any) -> Person:
        about = {"displayname": uid.title(), "email": f"{uid}@hospital.example"} | about
        self.people[uid] = Person(uid, groups=list(groups), **about)
        return self.people[uid]

    def pages(self) -> list[int]:
        """The offsets that were asked for."""
        return [int(query["offset"]) for path, query in self.asked if path.endswith("/users/details")]

    def answer(self, path: str, query: dict[str, str], headers: Any) -> tuple[int, dict[str, str], bytes]:
        as_json = query.get("format") == "json" or "application/json" in headers.get("accept", "")
        if self.busy is not None:
            return self._said(429, 429, [], as_json, {"retry-after": str(self.busy)})
        if headers.get("ocs-apirequest") != "true":
            return self._said(412, 412, [], as_json)  # "CSRF check failed"
        if headers.get("authorization") not in accepted():
            return self._said(401, 997, [], as_json)
        if path == f"{ROOT}/users/details":
            return self._details(query, as_json)
        code, data = self._asked(path, query)
        return self._said(200 if code == 200 else 404, code, data, as_json)

    def _asked(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        """Statuscode and data of what has no switches of its own."""
        if path == f"{ROOT}/users":
            return 200, {"users": [one.uid for one in self._page(query)]}
        if path == f"{ROOT}/groups":
            return 200, {"groups": cut(sorted({group for one in self.people.values() for group in one.groups}), query)}
        if path.startswith(f"{ROOT}/users/"):
            person = self.people.get(unquote(path.removeprefix(f"{ROOT}/users/")))
            return (self.no_such, []) if person is None else (200, person.details())
        return 998, []

    def _page(self, query: dict[str, str]) -> list[Person]:
        return cut(sorted(self.people.values(), key=lambda one: one.uid), query)

    def _details(self, query: dict[str, str], as_json: bool) -> tuple[int, dict[str, str], bytes]:
        if self.broken is not None:
            return 200, {"content-type": "application/json"}, self.broken
        if self.fail_at == int(query.get("offset", "0")):
            return self._said(500, 996, [], as_json)
        # An empty array of PHP is a list, whatever it would hold otherwise.
        users: Any = {one.uid: one.details() for one in self._page(query)} or []
        return self._said(200, 200, {"users": users}, as_json)

    def _said(
        self,
        status: int,
        code: int,
        data: Any,
        as_json: bool,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        fine = 200 <= code < 300
        meta = {"status": "ok" if fine else "failure", "statuscode": code, "message": "OK" if fine else ""}
        if as_json:
            body, kind = json.dumps({"ocs": {"meta": meta, "data": data}}), "application/json; charset=utf-8"
        else:
            body = f'<?xml version="1.0"?>\n<ocs>{xml({"meta": meta, "data": data})}</ocs>'
            kind = "application/xml; charset=UTF-8"
        return status, {"content-type": kind, **(headers or {})}, body.encode()


def accepted() -> set[str]:
    basic = base64.b64encode(f"{ADMIN}:{APP_PASSWORD}".encode()).decode()
    return {f"Basic {basic}", f"Bearer {TOKEN}"}


def cut(rows: list[Any], query: dict[str, str]) -> list[Any]:
    start = int(query.get("offset", "0"))
    return rows[start : start + int(query["limit"])] if "limit" in query else rows[start:]


def xml(told: Any) -> str:
    if isinstance(told, dict):
        return "".join(f"<{name}>{xml(value)}</{name}>" for name, value in told.items())
    if isinstance(told, list):
        return "".join(f"<element>{xml(value)}</element>" for value in told)
    return escape(str(told))
