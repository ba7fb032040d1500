"""The event log on a real file: a full disk, changed rows, and what is kept how long."""

import asyncio
import contextlib
import random
import sqlite3

import pytest

from events.broker.archive import Again, Archive, Selection, replayed
from events.broker.jobs import Append, Change, Entry, Finish, Postpone, StoreError
from events.broker.retention import KEEP_DEAD_MS, KEEP_EVENTS_MS
from events.broker.routes import Routing
from events.broker.schema import DEAD, DONE
from events.broker.store import Store
from events.broker.writer import Writer
from voiceassist.core.errors import SettingsError

from .conftest import WalIndex, event, torn

KEY = b"k" * 32
NOW = 1_800_000_000_000


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "events.db", KEY, kept_longer=frozenset({"voiceassist/dead-letters"}))
    yield opened
    opened.close()


def entry(number, *, routes=(("r", None),), now=NOW, broker="voiceassist/default", **attributes):
    return Entry(broker, event(number, **attributes), routes, now, 255)


def claim(store, *, now=NOW, busy=frozenset(), limit=10, route="r"):
    return store.claim(route, now=now, busy=busy, limit=limit)


def count(store, table="events"):
    with sqlite3.connect(store.path) as connection:
        return connection.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608 - our own names


def test_what_is_appended_is_claimed_oldest_first_and_not_twice(store):
    fresh = store.apply(
        [Append([entry(1), entry(2, routes=())]), Append([entry(3, routes=[("r", None), ("s", None)])])]
    )
    assert {route: [item.event.id for item in ready] for route, ready in fresh.ready.items()} == {
        "r": ["1", "3"],
        "s": ["3"],
    }
    assert [item.seq for item in fresh.ready["r"]] == [item.seq for item in claim(store)]
    first, third = claim(store)
    assert (first.event, third.event) == (event(1), event(3))
    assert [item.event.id for item in claim(store, busy=frozenset({first.seq}))] == ["3"]
    assert [item.event.id for item in claim(store, limit=1)] == ["1"]
    store.apply([Finish(first.seq, DONE, 1, 204, NOW)])
    assert [item.event.id for item in claim(store)] == ["3"]
    assert store.waiting() == {"r": 1, "s": 1}


def test_a_postponed_delivery_waits_for_its_time(store):
    store.apply([Append([entry(1)])])
    (first,) = claim(store)
    store.apply([Postpone(first.seq, 1, 503, NOW + 500)])
    assert claim(store, now=NOW + 499) == []
    assert store.next_due("r", now=NOW) == NOW + 500
    (again,) = claim(store, now=NOW + 500)
    assert again.attempts == 1


def ended(delivery, state=DONE, route="r", attempts=1):
    return Finish(delivery.seq, state, attempts, 204, NOW, lane=(route, delivery.key) if delivery.key else None)


def test_in_order_only_the_first_of_each_key_is_free(store):
    keyed = [entry(number, routes=[("r", key)]) for number, key in ((1, "a"), (2, "a"), (3, "b"), (4, None), (5, None))]
    fresh = store.apply([Append(keyed)])
    assert (fresh.look, [item.event.id for item in fresh.ready["r"]]) == ({"r"}, ["4", "5"])
    free = claim(store)
    assert [item.event.id for item in free] == ["1", "3", "4", "5"]
    store.apply([Postpone(free[0].seq, 1, 503, NOW + 500)])
    assert [item.event.id for item in claim(store)] == ["3", "4", "5"]
    store.apply([ended(free[0], DEAD, attempts=2)])
    assert "2" in [item.event.id for item in claim(store)]


def test_in_order_the_last_of_a_key_leaves_the_lane_free(store):
    store.apply([Append([entry(1, routes=[("r", "a")])])])
    (first,) = claim(store)
    # Its end and the next of its key in one transaction, in either order.
    store.apply([Append([entry(2, routes=[("r", "a")])]), ended(first)])
    (second,) = claim(store)
    store.apply([ended(second), Append([entry(3, routes=[("r", "a")]), entry(4, routes=[("r", "a")])])])
    (third,) = claim(store)
    assert (second.event.id, third.event.id) == ("2", "3")
    assert store.waiting() == {"r": 2}


def test_a_follow_up_is_stored_with_the_end_of_its_delivery(store):
    store.apply([Append([entry(1)])])
    (first,) = claim(store)
    fresh = store.apply([Finish(first.seq, DEAD, 1, 422, NOW, entry(2, routes=[("s", None)]))])
    assert fresh.ready.keys() == {"s"}
    assert [item.event.id for item in claim(store, route="s")] == ["2"]


def test_a_change_gives_its_result_and_its_fault_undoes_itself_only(store):
    def good(connection):
        return connection.execute("select count(*) from events").fetchone()[0]

    def bad(connection):
        connection.execute("delete from events")
        raise ValueError

    _, results = store.write([Append([entry(1)]), Change(good), Change(bad), Append([entry(2)])])
    assert results[1] == 2
    assert isinstance(results[2], ValueError)
    assert count(store) == 2


def test_a_claim_takes_so_many_bytes_and_one_event_at_least(store, monkeypatch):
    monkeypatch.setattr("events.broker.store.CLAIM_BYTES", 5000)
    store.apply([Append([entry(number, data=b"x" * 4000) for number in range(3)])])
    assert [item.event.id for item in claim(store)] == ["0"]
    monkeypatch.setattr("events.broker.store.CLAIM_BYTES", 10_000)
    assert [item.event.id for item in claim(store)] == ["0", "1"]


def test_many_rows_are_one_transaction(store):
    numbers = list(range(1000))
    fresh = store.apply([Append([entry(number, routes=[("r", None), ("s", None)]) for number in numbers])])
    assert [item.event.id for item in fresh.ready["s"]] == [str(number) for number in numbers]
    assert [item.event.id for item in claim(store, limit=2000, route="s")] == [str(number) for number in numbers]
    store.apply([ended(item) for item in fresh.ready["r"]])
    assert store.waiting() == {"s": 1000}


def test_a_full_disk_stores_nothing_and_the_next_batch_goes_on(store):
    store.apply([Append([entry(1)])])
    pages = store._write.execute("pragma page_count").fetchone()[0]
    store._write.execute(f"pragma max_page_count={pages}")
    with pytest.raises(StoreError) as caught:
        store.apply([Append([entry(number, data=b"x" * 9000) for number in range(20)])])
    assert (caught.value.status, caught.value.retry_after) == (503, 1)
    assert count(store) == 1
    store._write.execute(f"pragma max_page_count={pages + 100_000}")
    store.apply([Append([entry(2)])])
    assert [item.event.id for item in claim(store)] == ["1", "2"]


async def test_a_writer_tells_every_publisher_of_the_full_disk_and_lives_on(store):
    heard = []
    writer = Writer(store, heard.append, now=lambda: NOW)
    writer.start()
    await writer.submit(Append([entry(1)]))
    store._write.execute("pragma max_page_count=1")
    answers = await asyncio.gather(
        *(writer.submit(Append([entry(number, data=b"x" * 9000)])) for number in range(2, 30)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {StoreError}
    store._write.execute("pragma max_page_count=1000000")
    await writer.submit(Append([entry(99)]))
    await writer.stop()
    assert not writer.alive
    assert [item.event.id for item in claim(store)] == ["1", "99"]
    assert "r" in heard[0].ready


async def test_a_fault_nobody_foresaw_does_not_end_the_writer(store, monkeypatch):
    writer = Writer(store, lambda _routes: None, now=lambda: NOW)
    writer.start()
    monkeypatch.setattr(store, "_commit", lambda _batch: 1 / 0)
    with pytest.raises(StoreError):
        await writer.submit(Append([entry(1)]))
    monkeypatch.undo()
    await writer.submit(Append([entry(2)]))
    await writer.stop()


async def test_one_job_nobody_foresaw_fails_alone(store):
    writer = Writer(store, lambda _fresh: None, now=lambda: NOW)
    fine, wrong = Append([entry(1)]), Append([Entry("voiceassist/default", event(2), (), 2**70, 255)])
    answers = [writer.submit(job) for job in (fine, wrong, Append([entry(3)]))]  # one batch
    writer.start()
    done = await asyncio.gather(*answers, return_exceptions=True)
    await writer.stop()
    assert [type(answer) for answer in done] == [type(None), StoreError, type(None)]
    assert [item.event.id for item in claim(store)] == ["1", "3"]


@pytest.mark.parametrize("work", [lambda store: store.retention.trim(NOW), lambda store: store.retention.make_room()])
def test_housekeeping_that_fails_leaves_no_transaction_open(store, work):
    store.apply([Append([entry(1)])])
    store._write.execute("create temp trigger no before delete on main.events begin select raise(abort, 'no'); end")
    store._write.execute("update events set accepted = 0")
    store._write.execute("update deliveries set state = 1")
    with pytest.raises(sqlite3.Error):
        work(store)
    store.apply([Append([entry(2)])])
    assert [item.event.id for item in claim(store)] == ["2"]


def test_room_is_made_of_what_is_delivered_oldest_first_and_of_nothing_else(store, monkeypatch):
    monkeypatch.setattr("events.broker.retention.STRETCH", 4)
    store.apply([Append([entry(number, routes=[("r", None), ("s", None)]) for number in range(10)])])
    store.apply([Append([entry("letter", broker="voiceassist/dead-letters")]), Append([entry("unheard", routes=())])])
    for route in "rs":
        found = {item.event.id: item for item in claim(store, limit=20, route=route)}
        ends = dict.fromkeys(("0", "1", "2", "3", "5", "6", "letter"), DONE) | ({"4": DEAD} if route == "r" else {})
        store.apply([ended(found[name], state) for name, state in ends.items() if name in found])
    store.apply([Postpone(claim(store)[0].seq, 1, 503, NOW)])  # 7 has failed once

    def left():
        with sqlite3.connect(store.path) as connection:
            return [row[0] for row in connection.execute("select id from events order by seq")]

    assert (store.retention.make_room(), left()[0]) == (4, "4")
    assert (store.retention.make_room(), left()) == (2, ["4", "7", "8", "9", "letter", "unheard"])
    assert (store.retention.make_room(), left()) == (1, ["4", "7", "8", "9", "letter"])
    assert [store.retention.make_room(), store.retention.make_room(), store.retention.make_room()] == [0, 0, 0]
    assert (count(store, "deliveries"), count(store, "attempts")) == (9, 1)


def test_what_was_dead_and_was_sent_again_makes_room_once_that_is_delivered(store):
    store.apply([Append([entry(1)]), Append([entry(2)])])
    store.apply([ended(item, DEAD) for item in claim(store)])
    archive = Archive(store.path, store)
    selection = Selection(dead_letters=True, ids=("1",))
    chosen = archive.chosen(selection, Routing(frozenset(), {}, {}))
    archive.close()
    store.apply([Change(replayed(selection, chosen, subject="s", tenant="t", record_id="x", now=NOW))])
    assert store.retention.make_room() == 0
    store.apply([ended(item) for item in claim(store)])
    store.retention.make_room()  # the log's end
    assert (store.retention.make_room(), count(store)) == (1, 1)


async def test_a_writer_makes_room_while_the_log_is_tight(store, monkeypatch):
    monkeypatch.setattr("events.broker.writer.MEASURE_EVERY_SECONDS", 0.0)
    monkeypatch.setattr("events.broker.retention.STRETCH", 1)
    store.apply([Append([entry(number) for number in range(20)])])
    store.apply([ended(item) for item in claim(store, limit=20)])
    writer = Writer(store, lambda _fresh: None, now=lambda: NOW, tight=lambda: count(store) > 3)
    writer.start()
    async with asyncio.timeout(10):
        while count(store) > 3:
            await writer.submit(Append([]))
    await writer.stop()
    assert count(store) == 3


def test_the_record_of_replays_outlives_the_events_it_tells_of(store):
    store.apply([Append([entry(1)])])
    store.apply([ended(item, DEAD) for item in claim(store)])
    archive = Archive(store.path, store)
    selection = Selection(dead_letters=True)
    chosen = archive.chosen(selection, Routing(frozenset(), {}, {}))
    store.apply([Change(replayed(selection, chosen, subject="anna", tenant="t", record_id="x", now=NOW))])
    store.apply([ended(item) for item in claim(store)])
    assert store.retention.trim(NOW + KEEP_DEAD_MS + 1) == 1
    (record,) = archive.replays({}, limit=10)
    archive.close()
    assert (count(store), record["subject"], record["replayed"]) == (0, "anna", 1)


def test_what_was_chosen_twice_is_sent_again_once(store):
    """Two operators at the same moment; and one whose choice was trimmed meanwhile."""
    store.apply([Append([entry(1)]), Append([entry(2)])])
    store.apply([ended(item, DEAD) for item in claim(store)])
    archive = Archive(store.path, store)
    selection = Selection(dead_letters=True)
    chosen = archive.chosen(selection, Routing(frozenset(), {}, {}))
    gone = [Again(99, "r", None, None)]
    done = [
        replayed(selection, each, subject="s", tenant="t", record_id=str(number), now=NOW)
        for number, each in enumerate((chosen, chosen, gone))
    ]
    _, results = store.write([Change(work) for work in done])
    archive.close()
    assert [told.replayed for told, _ in results.values()] == [2, 0, 0]
    assert [item.event.id for item in claim(store)] == ["1", "2"]


def test_searches_and_counts_find_their_indexes(store):
    """Of a week of events they read what they tell of."""
    archive = Archive(store.path, store)
    asked = []
    archive._read.set_trace_callback(asked.append)
    archive.events({"id": "1"}, limit=10)
    archive.deliveries({"route": "r", "state": DEAD}, limit=10)
    archive.deliveries({"event": 1}, limit=10)
    archive.counts()
    archive._read.set_trace_callback(None)
    plans = [
        " ".join(row[3] for row in archive._read.execute(f"explain query plan {query}"))
        for query in asked
        if "from attempts" not in query
    ]
    archive.close()
    for plan, index in zip(plans, ("by_id", "dead", "of_event", "waiting"), strict=True):
        assert index in plan.split(), plan
    assert {"dead", "in_order"} <= set(plans[3].split())


def test_a_changed_row_does_not_stop_the_others(store):
    store.apply([Append([entry(1), entry(2)])])
    with sqlite3.connect(store.path) as connection:
        connection.execute("update events set sealed = (select sealed from events where seq = 2) where seq = 1")
    assert [item.event and item.event.id for item in claim(store)] == [None, "2"]


def test_finished_events_go_after_a_week_and_dead_ones_after_a_month(store):
    store.apply([Append([entry("done"), entry("dead"), entry("waiting"), entry("unheard", routes=())])])
    store.apply([Append([entry("letter", routes=(), broker="voiceassist/dead-letters")])])
    done, dead, _ = claim(store)
    store.apply([Finish(done.seq, DONE, 1, 204, NOW), Finish(dead.seq, DEAD, 1, 422, NOW)])
    assert store.retention.trim(NOW + KEEP_EVENTS_MS) == 0
    assert store.retention.trim(NOW + KEEP_EVENTS_MS + 1) == 2
    assert count(store) == 3
    assert store.retention.trim(NOW + KEEP_DEAD_MS + 1) == 2
    assert (count(store), count(store, "deliveries")) == (1, 1)


def test_what_waits_stays_unless_its_trigger_is_gone(store):
    store.apply([Append([entry(1), entry(2, routes=[("gone", None)])])])
    assert store.retention.trim(NOW + 365 * KEEP_DEAD_MS, known=["r"]) == 1
    assert store.waiting() == {"r": 1}


def test_freed_pages_go_back_to_the_disk(store):
    store.apply([Append([entry(number, data=b"x" * 9000) for number in range(300)])])
    store.apply([ended(item) for item in claim(store, limit=300)])
    store._write.execute("pragma wal_checkpoint(truncate)")
    before = store.path.stat().st_size
    store.measure()
    used = store.used_bytes
    assert store.retention.trim(NOW + KEEP_EVENTS_MS + 1) == 300
    store._write.execute("pragma wal_checkpoint(truncate)")
    store.measure()
    assert store.path.stat().st_size < before / 10
    assert store.used_bytes < used / 10


def test_a_wal_that_readers_keep_from_being_folded_in_is_shortened_when_they_let_go(store, monkeypatch):
    monkeypatch.setattr("events.broker.retention.LONGEST_WAL", 200_000)
    wal = store.path.with_name("events.db-wal")
    with contextlib.closing(sqlite3.connect(store.path)) as reader:
        reader.execute("begin")
        reader.execute("select * from events").fetchall()
        for number in range(100):
            store.apply([Append([entry(number, data=b"x" * 9000)])])
            store.checkpoint()
        before = wal.stat().st_size
        store.retention.shorten()  # waits a moment, then lets it be
        assert wal.stat().st_size == before > 900_000
    store.retention.shorten()
    assert wal.stat().st_size == 0
    store.apply([Append([entry("after")])])
    store.retention.shorten()
    assert 0 < wal.stat().st_size < 200_000
    assert len(claim(store, limit=200)) == 101


def test_after_a_clock_that_was_set_back_no_retry_waits_longer_than_its_trigger_says(store):
    store.apply([Append([entry(1)])])
    (first,) = claim(store)
    store.apply([Postpone(first.seq, 1, 503, NOW + 86_400_000)])
    store.clamp_due("r", NOW + 1000)
    assert store.next_due("r", now=NOW) == NOW + 1000


def test_a_log_of_the_first_version_goes_on_in_order(tmp_path):
    path = tmp_path / "events.db"
    old = Store(path, KEY)
    old.apply([Append([entry(number, routes=[("r", "a")]) for number in (1, 2, 3)])])
    old.close()
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "drop index in_order; drop index dead; drop index by_id; drop table attempts; drop table triggers;"
            "drop trigger replays_stay; drop trigger replays_remain; drop table replays;"
            "update deliveries set state = 0; alter table deliveries drop column replayed;"
            "create index waiting_in_order on deliveries (route, key, seq) where state = 0 and key is not null;"
            "pragma user_version = 1;"
        )
    new = Store(path, KEY)
    (first,) = claim(new)
    new.apply([ended(first)])
    (second,) = claim(new)
    assert (first.event.id, second.event.id) == ("1", "2")
    new.close()


def test_numbers_go_on_after_reopening(store):
    store.apply([Append([entry(1)])])
    again = Store(store.path, KEY)
    again.apply([Append([entry(2)])])
    assert [item.seq for item in claim(again)] == [1, 2]
    again.close()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.write_bytes(b"x" * 5000), "damaged"),
        (lambda path: sqlite3.connect(path).execute("pragma user_version=9"), "another version"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be opened"),
        (lambda path: (path.unlink(), path.parent.rmdir()), "cannot be opened"),
    ],
)
def test_a_log_that_cannot_be_used_is_told_in_one_sentence(tmp_path, spoil, sentence):
    path = tmp_path / "log" / "events.db"
    path.parent.mkdir()
    Store(path, KEY).close()
    spoil(path)
    with pytest.raises(SettingsError, match=sentence):
        Store(path, KEY)


def test_a_torn_wal_loses_nothing_that_stood_before_the_tear(tmp_path):
    """The files as a kill leaves them, and then a tear. What was acknowledged is there if a checkpoint had taken it or
    its frames are whole. A tear in what a checkpoint was folding in (synced long before, so the disk is at fault) may
    damage the log: then it opens, or is refused in one sentence."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    kept = damaged = 0
    for number in range(60):
        folder = tmp_path / str(number)
        (folder / "copy").mkdir(parents=True)
        store = Store(folder / "events.db", KEY)
        acknowledged = {}
        for _ in range(dice.randint(1, 20)):
            names = [str(len(acknowledged) + step) for step in range(dice.randint(1, 8))]
            key = dice.choice([None, "k"])
            said = [
                entry(name, routes=[("r", key)], data=dice.randbytes(dice.choice([9, 900, 9000]))) for name in names
            ]
            fresh = store.apply([Append(said)])
            store.apply([ended(item) for item in fresh.ready.get("r", [])[: dice.randint(0, 4)]])
            index = WalIndex(store.path)
            acknowledged |= dict.fromkeys(names, index)
            if dice.random() < 0.15:
                store.checkpoint()
        end = WalIndex(store.path)
        copy = folder / "copy" / "events.db"
        copy.write_bytes(store.path.read_bytes())
        wal, whole = torn(dice, bytearray((folder / "events.db-wal").read_bytes()), end.frames)
        copy.with_name("events.db-wal").write_bytes(wal)
        store.close()
        if whole < end.folded:
            damaged += 1
            with contextlib.suppress(SettingsError):
                Store(copy, KEY).close()
            continue
        kept += 1
        opened = Store(copy, KEY)
        with sqlite3.connect(copy) as connection:
            found = {name for (name,) in connection.execute("select id from events")}
            assert connection.execute("pragma integrity_check").fetchall() == [("ok",)], f"seed {seed}"
        promised = {name for name, index in acknowledged.items() if index.salt != end.salt or index.frames <= whole}
        assert promised <= found, f"seed {seed}: {len(promised - found)} lost in round {number}"
        opened.apply([Append([entry("after")])])
        assert all(item.event for item in claim(opened, limit=1000)), f"seed {seed}"
        opened.close()
    assert kept > damaged


def test_another_key_is_noticed_at_once(tmp_path):
    Store(tmp_path / "events.db", KEY).close()
    with pytest.raises(SettingsError, match="another key"):
        Store(tmp_path / "events.db", b"o" * 32)


def test_only_its_owner_may_read_the_log(store):
    store.apply([Append([entry(1)])])
    assert {path.stat().st_mode & 0o777 for path in store.path.parent.iterdir()} == {0o600}
