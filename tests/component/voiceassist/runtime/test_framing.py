"""The short way of a text frame that a service sends gives what the parser of websockets gives."""

import asyncio
import contextlib
import random

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.server import ServerProtocol

from voiceassist.runtime.egress.framing import Connection

LARGEST = 70_000
DICE = 20261130


def frame(text, opcode=Opcode.TEXT, *, fin=True, mask=False):
    return Frame(opcode, text if isinstance(text, bytes) else text.encode(), fin).serialize(mask=mask)


def mixed(dice):
    told = ["", "x" * 125, "é" * 100, "b" * 66_000, *("a" * dice.randrange(1, 3_000) for _ in range(40))]
    frames = [frame(one) for one in told]
    frames.insert(3, frame("in ", fin=False) + frame("?", Opcode.PING) + frame("pieces", Opcode.CONT))
    frames.insert(9, frame(b"\x01\x02", Opcode.BINARY))
    told.insert(3, "in pieces")
    told.insert(9, b"\x01\x02")
    return told, b"".join(frames)


async def heard(stream, pieces, **options):
    """The messages, the code with which it ended, and what the service got, of a stream that comes in such pieces."""
    got = []

    async def serve(reader, writer):
        protocol = ServerProtocol()
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        (request,) = protocol.events_received()
        protocol.send_response(protocol.accept(request))
        rest = b"".join(protocol.data_to_send()) + stream
        while rest:
            size = pieces(rest)
            writer.write(rest[:size])
            await writer.drain()
            await asyncio.sleep(0)
            rest = rest[size:]
        with contextlib.suppress(ConnectionError):
            while Opcode.CLOSE not in got and (data := await reader.read(65_536)):
                protocol.receive_data(data)
                got.extend(one.opcode for one in protocol.events_received())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = {"proxy": None, "compression": None, "max_size": LARGEST, "ping_interval": None, **options}
        messages = []
        async with connect(f"ws://127.0.0.1:{port}/", close_timeout=1, **options) as socket:
            try:
                while True:
                    messages.append(await asyncio.wait_for(socket.recv(), 10))
            except ConnectionClosed:
                pass
        closed = socket.protocol.close_sent
        return messages, closed and closed.code, got


CLOSE = frame(Close(CloseCode.NORMAL_CLOSURE, "").serialize(), Opcode.CLOSE)
CHANCE = random.Random(DICE)
PIECES = {
    "at once": len,
    "one byte": lambda rest: 1 if len(rest) > 130_000 or len(rest) < 2_000 else 5_000,
    "by chance": lambda _rest: CHANCE.randrange(1, 5_000),
}


@pytest.mark.parametrize("pieces", PIECES)
async def test_whatever_the_network_makes_of_them_the_messages_are_the_same(pieces):
    told, stream = mixed(random.Random(DICE))
    messages, code, got = await heard(stream + CLOSE, PIECES[pieces], create_connection=Connection)
    assert messages == told
    assert code == CloseCode.NORMAL_CLOSURE
    assert got == [Opcode.PONG, Opcode.CLOSE]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (frame("x" * (LARGEST + 1)), CloseCode.MESSAGE_TOO_BIG),
        (frame("x", mask=True), CloseCode.PROTOCOL_ERROR),
        (b"\xc1" + frame("x")[1:], CloseCode.PROTOCOL_ERROR),
        (frame("x", fin=False) + frame("y"), CloseCode.PROTOCOL_ERROR),
        (frame("y", Opcode.CONT), CloseCode.PROTOCOL_ERROR),
    ],
)
async def test_what_breaks_the_protocol_ends_it_as_it_does_without_us(wrong, code):
    for options in ({}, {"create_connection": Connection}):
        messages, closed, _ = await heard(frame("before") + wrong, len, **options)
        assert messages == ["before"]
        assert closed == code


async def test_nothing_is_read_after_the_end():
    messages, code, _ = await heard(CLOSE + frame("after"), len, create_connection=Connection)
    assert messages == []
    assert code == CloseCode.NORMAL_CLOSURE
