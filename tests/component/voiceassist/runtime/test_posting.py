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
    for url in ("http://127.0.0.1:9/", "http://nowhere.invalid/"):
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
