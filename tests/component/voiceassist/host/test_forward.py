"""Forwarding over real sockets: bodies of every framing, other sides that misbehave, and clients that leave."""

import asyncio
import contextlib
import ssl

import pytest

from voiceassist.core.errors import DependencyTimeoutError, UnavailableError
from voiceassist.runtime.host import wire as module
from voiceassist.runtime.host.forward import Body, forward
from voiceassist.runtime.host.wire import Address, NotReachedError, Wire

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """A raw TCP server. `answer(reader, writer, head)` is called for each request and says whether to go on."""

    def __init__(self, answer):
        self.answer = answer
        self.heads = []
        self.connections = 0

    async def __call__(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                if not await self.answer(reader, writer, head):
                    break
        writer.close()


def saying(*parts, stay=True, after=0.0):
    async def answer(_reader, writer, _head):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(after)
        return stay

    return Server(answer)


@pytest.fixture
async def serve():
    running = []

    async def start(handler, **options):
        server = await asyncio.start_server(handler, "127.0.0.1", 0, **options)
        running.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in running:
        server.close()


@pytest.fixture
def wire():
    made = Wire()
    yield made
    made.close()


class Call:
    """One forwarded request: what is received of the client and what was sent to it."""

    def __init__(self, wire, url, *, method="GET", headers=(), parts=(), path="/x", seconds=5.0, send=None):
        self.sent = []
        self.messages = [
            {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
            for number, part in enumerate(parts)
        ]
        self.gone = asyncio.Event()
        scope = {"type": "http", "method": method, "headers": list(headers)}
        self.body = Body(scope, self.receive)
        self.made = forward(wire, url, scope, self.body, send or self.send, seconds=seconds, path=path)

    async def receive(self):
        if self.messages:
            return self.messages.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)

    async def answer(self):
        await self.made
        start, *bodies = self.sent
        assert not bodies[-1].get("more_body")
        return start["status"], dict(start["headers"]), b"".join(part["body"] for part in bodies)


async def test_a_connection_is_kept_and_used_again(wire, serve):
    server = saying(OK)
    url = await serve(server)
    for _ in range(3):
        assert await Call(wire, url).answer() == (200, {b"content-length": b"2"}, b"ok")
    assert (server.connections, len(server.heads)) == (1, 3)


async def test_calls_side_by_side_have_a_connection_each(wire, serve):
    server = saying(OK, after=0.05)
    url = await serve(server)
    answers = await asyncio.gather(*(Call(wire, url).answer() for _ in range(20)))
    assert {status for status, _, _ in answers} == {200}
    assert server.connections == 20


async def test_the_head_is_the_callers_own(wire, serve):
    server = saying(OK)
    url = await serve(server)
    headers = [(b"host", b"evil.example"), (b"connection", b"x-hop"), (b"x-hop", b"1"), (b"te", b"trailers")]
    await Call(wire, url + "/base", headers=[*headers, (b"x-mine", b"\xe9")], path="/p?q=%20").answer()
    host = url.removeprefix("http://").encode()
    assert server.heads == [b"GET /base/p?q=%20 HTTP/1.1\r\nhost: " + host + b"\r\nx-mine: \xe9\r\n\r\n"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"content-length", b"9")], b"onetwothr"),
        ([(b"transfer-encoding", b"chunked")], b"3\r\none\r\n3\r\ntwo\r\n3\r\nthr\r\n0\r\n\r\n"),
    ],
)
async def test_a_body_arrives_as_it_was_announced(wire, serve, headers, expected):
    got = []

    async def answer(reader, writer, _head):
        got.append(await reader.readexactly(len(expected)))
        writer.write(OK)
        return True

    url = await serve(Server(answer))
    call = Call(wire, url, method="POST", headers=headers, parts=[b"one", b"two", b"thr"])
    assert (await call.answer())[0] == 200
    assert got == [expected]


async def test_an_empty_chunked_body_is_an_empty_body(wire, serve):
    async def answer(reader, writer, _head):
        assert await reader.readexactly(5) == b"0\r\n\r\n"
        writer.write(OK)
        return True

    call = Call(
        wire,
        await serve(Server(answer)),
        method="POST",
        headers=[(b"transfer-encoding", b"chunked")],
        parts=[b""],
    )
    assert (await call.answer())[0] == 200


async def test_chunks_pass_without_their_framing(wire, serve):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n"
    server = saying(chunked)
    url = await serve(server)
    for _ in range(2):
        assert await Call(wire, url).answer() == (200, {}, b"abcde")
    assert server.connections == 1


async def test_a_body_may_end_with_its_connection(wire, serve):
    server = saying(b"HTTP/1.1 200 OK\r\n\r\nall of it", stay=False)
    url = await serve(server)
    for _ in range(2):
        assert await Call(wire, url).answer() == (200, {}, b"all of it")
    assert server.connections == 2


async def test_an_interim_answer_is_not_the_answer(wire, serve):
    url = await serve(saying(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK))
    assert await Call(wire, url).answer() == (200, {b"content-length": b"2"}, b"ok")


async def test_the_answer_to_head_has_a_length_and_no_body(wire, serve):
    url = await serve(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"))
    assert await Call(wire, url, method="HEAD").answer() == (200, {b"content-length": b"500"}, b"")


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_some_answers_have_no_body_by_their_status(wire, serve, status):
    server = saying(b"HTTP/1.1 " + status + b"\r\n\r\n")
    url = await serve(server)
    for _ in range(2):
        assert (await Call(wire, url).answer())[2] == b""
    assert server.connections == 1


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_answer_is_a_503(wire, serve, wrong):
    call = Call(wire, await serve(saying(wrong, stay=False)))
    with pytest.raises(UnavailableError) as raised:
        await call.made
    assert raised.value.code == "ROOM_UNAVAILABLE"
    assert not isinstance(raised.value, NotReachedError)
    assert call.sent == []


async def test_half_an_answer_does_not_look_whole(wire, serve):
    call = Call(wire, await serve(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", stay=False)))
    with pytest.raises(UnavailableError):
        await call.made
    assert all(message.get("more_body") for message in call.sent[1:])


async def test_more_than_the_answer_closes_the_connection(wire, serve):
    server = saying(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother")
    url = await serve(server)
    for _ in range(2):
        with contextlib.suppress(UnavailableError):
            assert (await Call(wire, url).answer())[2] == b"ok"
        await asyncio.sleep(0.02)
    assert server.connections == 2


async def test_nobody_there_is_told_apart_and_the_body_is_still_whole(wire, serve):
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    call = Call(wire, f"http://127.0.0.1:{port}", method="POST", headers=[(b"content-length", b"4")], parts=[b"body"])
    with pytest.raises(NotReachedError):
        await call.made

    async def answer(reader, writer, _head):
        assert await reader.readexactly(4) == b"body"
        writer.write(OK)
        return True

    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", b"4")]}
    await forward(wire, await serve(Server(answer)), scope, call.body, call.send, seconds=5)
    assert call.sent[0]["status"] == 200


async def test_time_runs_out_before_and_within_an_answer(wire, serve):
    async def never(*_):
        await asyncio.sleep(5)

    for handler in (Server(never), saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nha", b"lf", after=2)):
        call = Call(wire, await serve(handler), seconds=0.1)
        with pytest.raises(DependencyTimeoutError) as raised:
            await call.made
        assert raised.value.code == "ROOM_TIMEOUT"


async def test_a_client_that_leaves_ends_the_call_on_the_other_side(wire, serve):
    ended = asyncio.Event()

    async def endless(_reader, writer, _head):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"x" * 1000)
                await writer.drain()
                await asyncio.sleep(0.001)
        ended.set()

    call = Call(wire, await serve(Server(endless)))
    running = asyncio.ensure_future(call.made)
    await asyncio.sleep(0.05)
    call.gone.set()
    await asyncio.wait_for(running, 5)
    await asyncio.wait_for(ended.wait(), 5)
    assert call.sent[-1]["more_body"]


async def test_a_client_that_leaves_in_its_upload_ends_the_call(wire, serve):
    broken = asyncio.Event()

    async def answer(reader, _writer, _head):
        try:
            await reader.readexactly(100)
        except asyncio.IncompleteReadError:
            broken.set()

    call = Call(wire, await serve(Server(answer)), method="POST", headers=[(b"content-length", b"100")], parts=[b"x"])
    call.messages[0]["more_body"] = True
    running = asyncio.ensure_future(call.made)
    await asyncio.sleep(0.05)
    call.gone.set()
    await asyncio.wait_for(running, 5)
    await asyncio.wait_for(broken.wait(), 5)
    assert call.sent == []


async def test_an_answer_before_the_whole_body_is_passed_on(wire, serve):
    server = saying(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nno!")
    url = await serve(server)
    call = Call(wire, url, method="POST", headers=[(b"content-length", b"999999")], parts=[b"x"])
    call.messages[0]["more_body"] = True
    assert (await call.answer())[0] == 413
    assert (await Call(wire, url).answer())[0] == 413
    assert server.connections == 2, "a connection with half a request on it is not used again"


async def test_what_the_client_does_not_take_waits_in_the_socket(wire, serve):
    written = taken = 0
    slow = asyncio.Event()

    async def flood(_reader, writer, _head):
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x" * 65_536)
            await writer.drain()
            written += 65_536

    async def send(message):
        nonlocal taken
        taken += len(message.get("body", b""))
        if taken:
            await slow.wait()

    running = asyncio.ensure_future(Call(wire, await serve(Server(flood)), send=send, seconds=30).made)
    await asyncio.sleep(0.5)
    assert written < 16 * 1_048_576, "the sockets' buffers and a little more"
    slow.set()
    await running
    assert taken == 1000 * 65_536


async def test_a_long_upload_waits_for_a_slow_reader(wire, serve):
    async def answer(reader, writer, _head):
        await asyncio.sleep(0.2)
        taken = 0
        while taken < 256 * 65_536:
            taken += len(await reader.read(65_536))
        writer.write(OK)
        return True

    size = 256 * 65_536
    headers = [(b"content-length", str(size).encode())]
    call = Call(wire, await serve(Server(answer)), method="POST", headers=headers, parts=[b"x" * 65_536] * 256)
    assert (await call.answer())[0] == 200


async def test_an_old_connection_is_not_used_again(wire, serve, monkeypatch):
    server = saying(OK)
    url = await serve(server)
    monkeypatch.setattr(module, "KEEP_SECONDS", 0.05)
    await Call(wire, url).answer()
    await asyncio.sleep(0.1)
    await Call(wire, url).answer()
    assert server.connections == 2


async def test_a_connection_that_the_other_side_closed_is_not_used_again(wire, serve):
    async def once(_reader, writer, _head):
        writer.write(OK)
        return False

    server = Server(once)
    url = await serve(server)
    for _ in range(3):
        assert (await Call(wire, url).answer())[0] == 200
        await asyncio.sleep(0.02)
    assert server.connections == 3


async def test_https_is_checked_against_the_given_authority(serve, settings, engines):
    layout = engines.layout
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(layout.certificate, layout.certificate_key)
    url = (await serve(saying(OK), ssl=context)).replace("http://127.0.0.1", "https://localhost")
    trusting = Wire(ssl.create_default_context(cafile=settings.ca_file))
    assert (await Call(trusting, url).answer())[0] == 200
    trusting.close()
    with pytest.raises(NotReachedError):
        await Call(Wire(), url).made


def test_addresses_are_taken_apart():
    assert Address.of("http://room:8080") == Address((False, "room", 8080), b"room:8080", b"")
    assert Address.of("https://u:p@host/a?b=c") == Address((True, "host", 443), b"host", b"/a?b=c")
    assert Address.of("http://[::1]/x") == Address((False, "::1", 80), b"[::1]", b"/x")
