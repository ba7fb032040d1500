"""The short way of a text frame gives what the parser of websockets gives, and everything else goes through that."""

import asyncio
import random

import pytest
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.uri import parse_uri

from realtime.wire import MOST_WAITING, Protocol

LARGEST = 60_000


class Transport:
    def __init__(self):
        self.sent, self.reading = b"", True

    def get_extra_info(self, _name, default=None):
        return default

    def is_closing(self):
        return False

    def write(self, data):
        self.sent += data

    def close(self):
        self.reading = False

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True


async def app(_scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.Event().wait()


@pytest.fixture
async def server():
    config = Config(app, ws_max_size=LARGEST, ws_per_message_deflate=False, ws_ping_interval=None, log_config=None)
    config.load()
    protocol = Protocol(config, ServerState(), {})
    protocol.connection_made(Transport())
    client = ClientProtocol(parse_uri("ws://service/v1/realtime"))
    client.send_request(client.connect())
    protocol.data_received(b"".join(client.data_to_send()))
    while not protocol.handshake_complete:
        await asyncio.sleep(0)
    yield protocol
    for task in protocol.tasks:
        task.cancel()


def frame(text, opcode=Opcode.TEXT, *, fin=True, mask=True):
    data = text if isinstance(text, bytes) else text.encode()
    return Frame(opcode, data, fin).serialize(mask=mask)


def messages(server):
    found = []
    while not server.queue.empty():
        found.append(server.queue.get_nowait())
    return [message.get("text", message.get("code")) for message in found]


async def test_whatever_the_pieces_are_that_the_network_makes_of_them_the_messages_are_the_same(server):
    dice = random.Random(20261130)
    told = ["x" * 125, "é" * 100, *("a" * dice.randrange(1, 3_000) for _ in range(40)), "b" * 50_000]
    stream = b"".join(map(frame, told))
    came = []
    while stream:
        size = dice.choice([1, 7, 131, len(frame(told[2])), 5_000, 20_000])
        server.data_received(stream[:size])
        came += messages(server)
        stream = stream[size:]
    assert came == told


async def test_a_message_in_parts_is_put_together_though_a_ping_comes_between(server):
    parts = [frame("a" * 200, fin=False), frame("", Opcode.PING), frame("b" * 200, Opcode.CONT)]
    for part in (*parts, frame("c" * 200)):
        server.data_received(part)
    assert messages(server) == ["a" * 200 + "b" * 200, "c" * 200]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (frame("a" * 200, fin=False) + frame("b" * 200), CloseCode.PROTOCOL_ERROR),
        (frame("a" * 200, mask=False), CloseCode.PROTOCOL_ERROR),
        (frame(b"\xff" * 200), None),  # uvicorn closes the connection
        (frame("a" * (LARGEST + 1)), CloseCode.MESSAGE_TOO_BIG),
    ],
)
async def test_what_breaks_the_protocol_is_no_message_and_ends_the_connection(server, wrong, code):
    server.data_received(wrong)
    assert not [message for message in messages(server) if isinstance(message, str)]
    assert code is None or server.conn.close_sent.code == code
    server.data_received(frame("a" * 200))
    assert not [message for message in messages(server) if isinstance(message, str)]


async def test_who_is_not_read_is_not_read_any_more_until_it_is(server):
    for _ in range(MOST_WAITING):
        assert server.transport.reading
        server.data_received(frame("a" * 200))
    assert not server.transport.reading
    for _ in range(MOST_WAITING):
        await server.receive()
    assert server.transport.reading
