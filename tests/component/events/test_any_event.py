"""Any event in is the same event at the subscriber, in every mode, attribute by attribute and byte by byte."""

import json
import random

import msgspec
import pytest

from events.envelope import CloudEvent, encode_batch, encode_binary, encode_structured

EVENTS = 100  # for each mode and seed
MIB = 1_048_576
ASCII = "".join(chr(n) for n in range(0x20, 0x7F))
LETTERS = ASCII + "äßéЖ中עا€😀\u00a0\u200d\ue000\U0010fffd"
URI = "ABCabc019-._~:/?#[]@!$&'()*+,;="
KINDS = [None, "application/json", "text/plain; charset=utf-8", "application/octet-stream", "application/x-thrift"]


def text(source: random.Random, letters: str = LETTERS) -> str:
    return "".join(source.choices(letters, k=source.randint(1, 40)))


def uri(source: random.Random) -> str:
    return text(source, URI) + "".join(f"%{source.randrange(256):02X}" for _ in range(source.randrange(3)))


def time(source: random.Random) -> str:
    day = f"{source.randint(1, 9999):04}-{source.randint(1, 12):02}-{source.randint(1, 28):02}"
    clock = f"{source.randrange(24):02}:{source.randrange(60):02}:{source.randint(0, 60):02}"
    return day + "T" + clock + source.choice(["", ".1", ".123456789"]) + source.choice(["Z", "+05:30", "-11:00"])


def data(source: random.Random) -> bytes | None:
    size = source.choice([0, 1, 2, 100, 5000])
    document = json.dumps(
        {text(source): source.random(), "list": [None, True, text(source)]}, indent=source.choice([None, 1])
    )
    return source.choice([None, b"\xff\xfe\x00\r\n", b" ", b"null", document.encode(), source.randbytes(size) or None])


def extensions(source: random.Random) -> dict[str, str | int | bool]:
    values = [text(source), source.randint(-(2**31), 2**31 - 1), source.choice([True, False])]
    return {f"x{number}": value for number, value in enumerate(source.sample(values, source.randint(0, 3)))}


def any_event(source: random.Random, number: int) -> CloudEvent:
    def perhaps(value):
        return source.choice([None, value])

    return CloudEvent(
        id=f"{number} {text(source)}",
        source=uri(source),
        type=text(source),
        subject=perhaps(text(source)),
        time=perhaps(time(source)),
        datacontenttype=source.choice(KINDS),
        dataschema=perhaps("urn:" + uri(source)),
        data=data(source),
        extensions=extensions(source),
    )


def at_the_subscriber(event: CloudEvent) -> CloudEvent:
    """Events are delivered in binary mode, where values are text and an empty body is none."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in event.extensions.items()}
    return msgspec.structs.replace(event, extensions=texts, data=event.data or None)


def binary(events):
    return [encode_binary(event) for event in events]


def structured(events):
    return [encode_structured(event) for event in events]


def batched(events):
    return [encode_batch(events[start : start + 20]) for start in range(0, len(events), 20)]


@pytest.mark.req("P3.5")
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("mode", [binary, structured, batched])
async def test_any_event_in_is_the_same_event_out(broker, subscriber, mode, seed):
    source = random.Random(f"{mode.__name__} {seed}")
    said = [any_event(source, number) for number in range(EVENTS)]
    await broker.start()
    for headers, body in mode(said):
        answer = await broker.post(headers, body)
        assert answer.status_code == 202, answer.text
    heard = {event.id: event for event in await subscriber.wait_for(EVENTS, within=60)}
    for event in said:
        assert heard[event.id] == at_the_subscriber(event)


@pytest.mark.parametrize("seed", range(2))
async def test_a_mebibyte_arrives_byte_for_byte(broker, subscriber, seed):
    said = CloudEvent(id="1", source="/s", type="t", data=random.Random(seed).randbytes(MIB))
    await broker.start()
    await broker.say(said)
    assert await subscriber.wait_for(1) == [said]
