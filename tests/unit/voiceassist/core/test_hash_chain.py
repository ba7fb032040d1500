"""A chain verifies when it is genuine, and every way of touching it is found at the record it begins with."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.core import checkpoints
from voiceassist.core.checkpoints import Links, MalformedError, Signed, Tags
from voiceassist.core.hash_chain import GENESIS, Fault, Head, Record, Walk, canonical, mac

pytestmark = pytest.mark.req("P11.4")

KEY, STOLEN = b"k" * 32, b"k" * 32
LENGTH = 40


def made(texts, *, key=KEY, after=None, chain=0):
    """Records as the writer makes them."""
    head = after or Head()
    records = []
    for text in texts:
        number = head.number + 1
        body = canonical({"chain": chain, "number": number, "action": text, "key": "a"})
        head = Head(number, mac(key, head.mac, body))
        records.append(Record(number, "a", body, head.mac))
    return records


GENUINE = made([f"document.read_{place}" for place in range(LENGTH)])


def signed(records, *, of=7, sign=lambda body: mac(b"signs", GENESIS, body)):
    """Checkpoints over every `of` records."""
    before, found = None, []
    for start in range(0, len(records), of):
        before = checkpoints.over(
            records[start : start + of], tenant="t", chain=0, after=before, time="2026-11-29T10:00:00Z", key="s"
        )
        found.append(Signed(before, sign(before.body)))
    return found


ANCHORS = signed(GENUINE)


def ours(_key, body, signature):
    return mac(b"signs", GENESIS, body) == signature


def verified(records, anchors=ANCHORS):
    """As the verifier does: anchors first, then every record, then whether all that is anchored was there."""
    links = Links(tenant="t", chain=0, verify=ours)
    for one in anchors:
        if fault := links.fault(one):
            return fault
    known = [one.checkpoint for one in anchors]
    walk = Walk({"a": KEY}.get, tags=Tags(known))
    return walk.through(records) or walk.ended(known[-1].last if known else 0)


places = st.integers(0, LENGTH - 1)


def test_a_genuine_chain_verifies():
    assert verified(GENUINE) is None
    assert verified([], []) is None
    assert verified(GENUINE + made(["document.read_later"], after=Head(LENGTH, GENUINE[-1].mac))) is None


@given(places, st.data())
def test_an_edited_field_is_found(place, data):
    record = GENUINE[place]
    spot = data.draw(st.integers(0, len(record.body) - 1))
    byte = data.draw(st.integers(1, 255))
    edited = bytes([*record.body[:spot], record.body[spot] ^ byte, *record.body[spot + 1 :]])
    touched = [*GENUINE[:place], record._replace(body=edited), *GENUINE[place + 1 :]]
    assert verified(touched) == Fault("changed", place + 1)


@given(places, st.binary(min_size=32, max_size=32))
def test_an_edited_mac_is_found(place, other):
    touched = [*GENUINE[:place], GENUINE[place]._replace(mac=other), *GENUINE[place + 1 :]]
    assert verified(touched) == Fault("changed", place + 1)


@given(st.integers(0, LENGTH - 2), st.integers(1, 5))
def test_deleted_rows_are_found(place, count):
    touched = GENUINE[:place] + GENUINE[place + count :]
    kind = "missing" if place + count < LENGTH else "cut_off"
    assert verified(touched) == Fault(kind, place + 1)


@given(places, st.booleans())
def test_an_inserted_row_is_found(place, renumbered):
    """Without the key it fits nowhere, whether those behind it are numbered anew or not."""
    body = canonical({"chain": 0, "number": place + 1, "action": "x", "key": "a"})
    extra = Record(place + 1, "a", body, b"\x01" * 32)
    behind = [record._replace(number=record.number + 1) if renumbered else record for record in GENUINE[place:]]
    assert verified([*GENUINE[:place], extra, *behind]) == Fault("changed", place + 1)


@given(places, places)
def test_swapped_rows_are_found(one, other):
    first, second = sorted((one, other))
    if first == second:
        return
    touched = list(GENUINE)
    touched[first], touched[second] = touched[second], touched[first]
    assert verified(touched) == Fault("missing", first + 1)
    numbered = list(GENUINE)
    numbered[first] = GENUINE[second]._replace(number=first + 1)
    numbered[second] = GENUINE[first]._replace(number=second + 1)
    assert verified(numbered) == Fault("changed", first + 1)


@given(places)
def test_a_repeated_row_is_found(place):
    touched = [*GENUINE[: place + 1], GENUINE[place], *GENUINE[place + 1 :]]
    assert verified(touched) == Fault("out_of_order", place + 1)


@given(st.integers(0, LENGTH - 1))
def test_a_cut_tail_is_found_by_its_anchor(length):
    assert verified(GENUINE[:length]) == Fault("cut_off", length + 1)


def test_without_an_anchor_a_cut_tail_looks_whole():
    """Why there is an anchor each minute."""
    assert verified(GENUINE[:20], ANCHORS[:2]) is None


@given(st.integers(0, LENGTH - 1), st.integers(1, LENGTH * 2))
def test_an_old_database_that_goes_on_is_found_where_it_forked(length, more):
    old = GENUINE[:length]
    head = Head(length, old[-1].mac if old else GENESIS)
    forked = old + made([f"another_{place}" for place in range(more)], after=head)
    assert verified(forked) == Fault("not_as_anchored", length + 1)


@given(places)
def test_a_chain_made_again_with_the_stolen_key_is_found_where_it_differs(place):
    texts = [f"document.read_{number}" for number in range(LENGTH)]
    texts[place] = "nothing.seen"
    again = made(texts, key=STOLEN)
    assert verified(again, []) is None, "the chain alone cannot tell"
    assert verified(again) == Fault("not_as_anchored", place + 1)


@given(st.integers(0, len(ANCHORS) - 1))
def test_anchors_made_again_without_the_signing_key_are_found(place):
    texts = [f"document.read_{number}" for number in range(LENGTH)]
    texts[place * 7] = "nothing.seen"
    again = made(texts)
    forged = signed(again, sign=lambda _body: b"\x00" * 64)
    assert verified(again, [*ANCHORS[:place], *forged[place:]]) == Fault("anchor_forged", place * 7 + 1)


@given(st.integers(0, len(ANCHORS) - 2))
def test_a_missing_anchor_is_found(place):
    assert verified(GENUINE, ANCHORS[:place] + ANCHORS[place + 1 :]) == Fault("anchor_missing", place * 7 + 1)


@pytest.mark.parametrize(
    "field", ["tenant", "chain", "first", "last", "head", "tags", "previous", "number", "time", "key"]
)
def test_every_field_of_a_checkpoint_is_signed(field):
    old = ANCHORS[2].checkpoint
    value = {"str": "f" * 64, "int": 999, "bytes": b"\x00" * len(old.tags)}[type(getattr(old, field)).__name__]
    touched = replace(ANCHORS[2], checkpoint=replace(old, **{field: value}))
    fault = verified(GENUINE, [*ANCHORS[:2], touched, *ANCHORS[3:]])
    assert fault is not None
    assert fault.number == 15


def test_an_unknown_key_is_told():
    touched = [*GENUINE[:3], GENUINE[3]._replace(key="b"), *GENUINE[4:]]
    assert verified(touched) == Fault("key_unknown", 4)


def test_a_walk_goes_on_where_it_stood():
    walk = Walk({"a": KEY}.get)
    assert walk.through(GENUINE[:10]) is None
    assert walk.through(GENUINE[10:]) is None
    assert walk.head == Head(LENGTH, GENUINE[-1].mac)
    assert walk.seen == LENGTH
    later = Walk({"a": KEY}.get, Head(10, GENUINE[9].mac))
    assert later.through(GENUINE[10:]) is None


def test_a_checkpoint_is_read_as_it_was_written():
    for one in ANCHORS:
        assert Signed.read(one.document) == one
    assert json.loads(ANCHORS[0].document)["checkpoint"]["count"] == 7


@pytest.mark.parametrize(
    "document", [b"", b"{}", b"[]", b'{"checkpoint":{},"signature":""}', b" " + ANCHORS[0].document, b"\xff"]
)
def test_what_is_no_checkpoint_is_refused(document):
    with pytest.raises(MalformedError):
        Signed.read(document)


def test_canonical_json_is_rfc_8785_for_what_records_hold():
    value = {"b": ['\u20ac$\u000f\nA\'B"\\\\"/', 1, True, None], "a": {"z": 0, "y": "ö"}}
    assert canonical(value).decode() == (
        '{"a":{"y":"ö","z":0},"b":["€$\\u000f\\nA\'B\\"\\\\\\\\\\"/",1,true,null]}'  # RFC 8785, section 3.2.2
    )


@pytest.mark.parametrize("value", [{"a": 1.5}, {"a": 2**53}, {"ö": 1}, {1: 1}, {"a": {1}}, {"a": [b"x"]}])
def test_what_could_be_written_in_two_ways_is_refused(value):
    with pytest.raises(TypeError):
        canonical(value)
