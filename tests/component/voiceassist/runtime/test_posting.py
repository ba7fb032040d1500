"""The small HTTP client against servers that misbehave."""

import asyncio

import pytest

from voiceassist.runtime import posting as module
from voiceassist.runtime.posting import Client, NoAnswerError

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


class Script:
    """A raw TCP server: for each request of each connection the bytes to send; None closes the connection."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.connections = 0
        self.requests = []

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if b"connection: close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def serve():
    servers = []

    async def start(*answers):
        script = Script(*answers)
        server = await asyncio.start_server(script, "127.0.0.1", 0)
        servers.append(server)
        return script, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in?x=1"

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def client():
    made = Client()
    yield made
    made.close()


async def post(client, url, body=b"data", limit=2.0):
    return await client.post(url, {"x-a": "b"}, body, limit=limit)


async def test_connections_are_kept_and_the_request_is_whole(client, serve):
    script, url = await serve(OK, b"HTTP/1.1 503 X\r\nRetry-After: 3\r\ncontent-length: 2\r\n\r\nno", OK)
    assert (await post(client, url)).status == 204
    answer = await post(client, url)
    assert (answer.status, answer.headers["retry-after"], answer.body) == (503, "3", b"no")
    assert (await post(client, url)).status == 204
    assert script.connections == 1
    head, _, body = script.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /in?x=1 HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"x-a: b" in head
    assert body == b"data"


async def test_an_idle_connection_closed_meanwhile_is_replaced(client, serve):
    script, url = await serve(OK, None, OK)
    await post(client, url)
    assert (await post(client, url)).status == 204
    assert script.connections == 2


async def test_a_connection_the_server_ends_is_not_used_again(client, serve):
    script, url = await serve(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil the end", OK)
    assert (await post(client, url)).body == b"until the end"
    assert (await post(client, url)).status == 204
    assert script.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n" + b"x" * 2_000_000,
    ],
)
async def test_what_is_no_answer(client, serve, answer):
    _, url = await serve(answer)
    with pytest.raises(NoAnswerError):
        await post(client, url)


@pytest.mark.parametrize(
    ("interim", "status"),
    [(b"102 Processing\r\n\r\n", 102), (b"101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", 101)],
)
async def test_an_interim_answer_is_the_answer_and_the_connection_is_not_kept(client, serve, interim, status):
    script, url = await serve(b"HTTP/1.1 " + interim, OK)
    assert (await post(client, url)).status == status
    assert (await post(client, url)).status == 204
    assert script.connections == 2


async def test_a_late_answer_never_meets_the_next_request(client, serve):
    script, url = await serve(b"", OK)
    with pytest.raises(NoAnswerError):
        await post(client, url, limit=0.2)
    assert (await post(client, url)).status == 204
    assert script.connections == 2


async def test_nobody_there_and_no_such_name(client):
    for url in ("http://127.0.0.1:9/", "http://nowhere.invalid/", f"http://{'a' * 64}.example/"):
        with pytest.raises(NoAnswerError):
            await post(client, url)


async def test_idle_connections_are_bounded(client, serve, monkeypatch):
    monkeypatch.setattr(module, "IDLE_PER_ORIGIN", 1)
    script, url = await serve(*[OK] * 6)
    await asyncio.gather(*(post(client, url) for _ in range(4)))
    await post(client, url)
    assert script.connections == 4


async def test_an_untrusted_certificate_is_no_answer(client, tmp_path):
    import ssl
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, datetime.now(UTC), datetime.now(UTC) + timedelta(1)
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (tmp_path / "cert.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = await asyncio.start_server(Script(OK), "127.0.0.1", 0, ssl=tls)
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}/"
    with pytest.raises(NoAnswerError):
        await post(client, url)
    trusting = Client(str(tmp_path / "cert.pem"))
    assert (await post(trusting, url)).status == 204
    trusting.close()
    server.close()


async def test_a_second_answer_and_one_nobody_asked_for_end_the_connection(client, serve):
    """Or the next request would be answered before it was made."""
    twice = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nx-which: first\r\n\r\n1" + OK.replace(
        b"\r\n\r\n", b"\r\nx-which: 2\r\n\r\n"
    )
    script, url = await serve(twice, OK)
    answer = await post(client, url)
    assert (answer.status, answer.body, answer.headers["x-which"]) == (200, b"1", "first")
    assert (await post(client, url)).status == 204
    assert script.connections == 2

    async def chatty(reader, writer):
        await reader.readuntil(b"data")
        writer.write(OK)
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 500 Unasked\r\ncontent-length: 0\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(chatty, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    for _ in range(2):
        assert (await post(client, url)).status == 204
        await asyncio.sleep(0.1)
    server.close()


async def speaks_first(_reader, writer):
    writer.write(b"220 mail.example ESMTP\r\n")


async def half_closed(reader, writer):
    await reader.readuntil(b"data")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")
    writer.write_eof()
    await reader.read()


async def endless(writer, start, more):
    writer.write(start)
    while not writer.is_closing():
        writer.write(more)
        await writer.drain()


async def endless_headers(reader, writer):
    await reader.readuntil(b"data")
    await endless(writer, b"HTTP/1.1 200 OK\r\n", b"x-more: " + b"y" * 4000 + b"\r\n")


async def one_endless_header(reader, writer):
    await reader.readuntil(b"data")
    await endless(writer, b"HTTP/1.1 200 OK\r\nx-more: ", b"y" * 4000)


async def endless_body(reader, writer):
    await reader.readuntil(b"data")
    await endless(writer, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1000\r\n" + b"y" * 4096 + b"\r\n")


async def endless_framing(reader, writer):
    await reader.readuntil(b"data")
    await endless(writer, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1;" + b"e" * 4000 + b"\r\ny\r\n")


async def endless_interim(reader, writer):
    await reader.readuntil(b"data")
    await endless(writer, b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100)


@pytest.mark.parametrize(
    "talk", [speaks_first, half_closed, endless_headers, one_endless_header, endless_body, endless_framing]
)
async def test_what_never_ends_or_comes_first_is_no_answer_and_soon_over(client, talk):
    """No time limit helps here: memory would be gone before."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    with pytest.raises(NoAnswerError):
        async with asyncio.timeout(10):
            await post(client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", limit=3600.0)
    assert client.answered == 0
    server.close()


async def test_interim_answers_without_end_are_one(client):
    server = await asyncio.start_server(endless_interim, "127.0.0.1", 0)
    answer = await post(client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert answer.status == 102
    server.close()


async def test_answers_together_hold_so_much_memory_and_small_ones_come_through(client, serve, monkeypatch):
    monkeypatch.setattr(module, "MOST_ANSWERED", 100_000)
    large = b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n" + b"x" * 60_000
    small = b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n" + b"x" * 10_000
    _, url = await serve(large, large, small, large)
    target = module.Target.of(url)
    kept = await client.send(target, b"", b"data", limit=2.0)
    with pytest.raises(NoAnswerError):
        await client.send(target, b"", b"data", limit=2.0)
    client.release(await client.send(target, b"", b"data", limit=2.0))
    assert client.answered == 60_000
    client.release(kept)
    client.release(await client.send(target, b"", b"data", limit=2.0))
    assert client.answered == 0


async def test_idle_connections_make_room_for_new_ones(serve):
    client = Client(most_open=2)
    scripts = [await serve(OK, OK) for _ in range(3)]
    for _, url in scripts:
        await post(client, url)
    await asyncio.sleep(0.05)
    assert client.open == 2
    await post(client, scripts[0][1])
    assert [script.connections for script, _ in scripts] == [2, 1, 1]
    client.close()
    await asyncio.sleep(0.05)
    assert client.open == 0
