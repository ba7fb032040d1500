"""What a session wants stored: final items only, answers as they were heard, and what was taken back no more."""

import asyncio
from types import SimpleNamespace
from unittest.mock import AsyncMock

import pytest

from realtime.connection import Connection
from realtime.effects import Keep, Unkeep
from realtime.engine import Clarification, Sources
from realtime.keeping import Keeper
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.core import ids
from voiceassist.core.errors import ErasedError, UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import memory
from voiceassist.runtime.memory import Kept

from .conftest import QUIET, SPEECH

EXTENDED = {"voiceassist": {"extensions": True}}


def stored(desk):
    """What a store would hold by now, in order: role, words, interrupted."""
    kept = {}
    for effect in desk.effects:
        if isinstance(effect, Keep):
            kept[effect.item.item_id] = effect.item
        elif isinstance(effect, Unkeep):
            kept.pop(effect.item_id, None)
    return [(item.role, item.text, item.interrupted) for item in sorted(kept.values(), key=lambda item: item.number)]


def test_a_written_question_and_its_answer_are_stored_when_final(desk):
    desk.write("What is sepsis?")
    assert stored(desk) == [("user", "What is sepsis?", False)]
    desk.send("response.create")
    desk.say("Sepsis is ")
    assert stored(desk) == [("user", "What is sepsis?", False)], "an answer that goes on is not final"
    desk.say("a dysregulated response.")
    desk.finish()
    assert stored(desk)[1] == ("assistant", "Sepsis is a dysregulated response.", False)


def test_a_spoken_turn_is_stored_with_its_words_and_a_noise_is_not(desk):
    desk.hear(SPEECH, 800)
    desk.hear(QUIET, 800)
    assert stored(desk) == []
    desk.understand("What is sepsis?")
    assert stored(desk) == [("user", "What is sepsis?", False)]
    desk.say("It is bad.")
    desk.finish()
    desk.now += 60
    desk.hear(SPEECH, 800)
    desk.hear(QUIET, 800)
    desk.understand("")
    assert len(stored(desk)) == 2


def test_an_interrupted_answer_is_stored_as_it_was_heard(desk):
    desk.update(**EXTENDED)
    desk.write("What is sepsis?")
    desk.send("response.create")
    desk.say("Sepsis is bad. ", 1000)
    desk.say("It kills people.", 1000)
    desk.finish()
    answer = desk.all(Keep)[-1].item.item_id
    desk.send("voiceassist.playback.position", item_id=answer, audio_ms=1000)
    desk.send("conversation.item.truncate", item_id=answer, content_index=0, audio_end_ms=1000)
    assert stored(desk)[1] == ("assistant", "Sepsis is bad.", True)


def test_who_goes_away_in_an_answer_has_heard_what_was_played(desk):
    desk.update(**EXTENDED)
    desk.write("What is sepsis?")
    desk.send("response.create")
    desk.say("Sepsis is bad. ", 1000)
    desk.say("It kills people.", 1000)
    desk.send("voiceassist.playback.position", item_id=desk.session.conversation.items[-1].id, audio_ms=1000)
    desk.take(desk.session.left())
    assert stored(desk)[1] == ("assistant", "Sepsis is bad.", True)


def test_a_turn_that_was_taken_back_is_stored_no_more(desk):
    desk.hear(SPEECH, 800)
    desk.hear(QUIET, 800)
    desk.understand("What is")
    desk.hear(SPEECH, 800)
    desk.hear(QUIET, 800)
    desk.understand("sepsis?")
    assert stored(desk) == [("user", "What is sepsis?", False)]


def test_what_stood_beside_the_words_is_stored_with_them(desk):
    desk.write("What is sepsis?")
    desk.send("response.create")
    response = desk.session._asked.response.id
    desk.take(desk.session.piece(response, Sources((), "abstained", "Check.")))
    desk.take(desk.session.piece(response, Clarification("Which?", ("a", "b"), "sepsis")))
    desk.say("Which?")
    desk.finish()
    assert desk.all(Keep)[-1].item.facts == {
        "citation.list": {"citations": [], "status": "abstained", "notice": "Check."},
        "clarify.ask": {"question": "Which?", "options": ["a", "b"], "slot": "sepsis"},
    }


def test_an_answer_outside_the_conversation_and_calls_of_functions_are_not_stored(desk):
    call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"}
    desk.send("conversation.item.create", item=call)
    desk.write("What is sepsis?")
    desk.send("response.create", response={"conversation": "none"})
    desk.say("Bad.")
    desk.finish()
    assert stored(desk) == [("user", "What is sepsis?", False)]


def test_only_a_client_that_asked_for_it_is_told_what_lies_in_the_store(desk):
    assert desk.take(desk.session.saved("item_1", 3)) == []
    desk.update(**EXTENDED)
    (event,) = desk.take(desk.session.saved("item_1", 3))
    assert (event["type"], event["item_id"], event["seq"]) == ("voiceassist.conversation.saved", "item_1", 3)


class Ring:
    async def of(self, _tenant):
        return None


class Store:
    """A database whose writes fail as told; `written` is what got through."""

    def __init__(self, monkeypatch, *faults):
        self.faults = list(faults)
        self.written = []
        monkeypatch.setattr(memory, "keep", self.keep)
        monkeypatch.setattr(memory, "remove", self.remove)

    def transaction(self, _owner):
        return self

    async def __aenter__(self):
        if self.faults and (fault := self.faults.pop(0)):
            raise fault

    async def __aexit__(self, *_):
        pass

    async def keep(self, _connection, _keys, _owner, _conversation, item, *, days, case_id):
        self.written.append(item.item_id)
        return len(self.written)

    async def remove(self, _connection, _owner, _conversation, item_id, *, days):
        self.written.append(f"-{item_id}")
        return len(self.written)


@pytest.fixture
def keeping(monkeypatch):
    """Runs a keeper with a store that fails as told; answers what was stored and what was told as saved."""

    async def run(changes, *faults, flush=1.0):
        store, told = Store(monkeypatch, *faults), []
        owner = Principal("u", DEFAULT_TENANT, "user", ids.new_id())
        keeper = Keeper(store, Ring(), owner, ids.new_id(), days=30, pauses=(0.01,))
        for change in changes:
            keeper.take(change)
        task = asyncio.create_task(keeper.work(lambda item, seq: told.append((item, seq))))
        done = await keeper.flush(flush)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return store.written, told, done

    return run


def kept(name):
    return Keep(Kept(name, 1, "user", "input_text", "words"))


async def test_a_store_that_is_away_is_asked_again_and_the_order_stays(keeping):
    down = UnavailableError("down")
    written, told, done = await keeping([kept("a"), kept("b"), Unkeep("a")], down, down, None, down)
    assert (written, told, done) == (["a", "b", "-a"], [("a", 1), ("b", 2), ("a", 3)], True)


async def test_nothing_counts_as_saved_that_is_not(keeping):
    written, told, done = await keeping([kept("a")], *[UnavailableError("down")] * 1000, flush=0.1)
    assert (written, told, done) == ([], [], False)


async def test_where_keys_were_destroyed_or_the_owner_is_gone_it_gives_up(keeping):
    from sqlalchemy.exc import IntegrityError

    for fault in (ErasedError("gone"), IntegrityError("", {}, Exception())):
        assert await keeping([kept("a"), kept("b")], fault) == ([], [], True)


async def test_what_was_never_stored_need_not_be_deleted(keeping):
    assert await keeping([Unkeep("a")]) == ([], [], True)


@pytest.mark.parametrize("fault", [UnavailableError("down"), ErasedError("gone"), SealBrokenError("broken")])
async def test_earlier_conversations_that_cannot_be_read_remind_of_nothing(monkeypatch, fault):
    owner = Principal("u", DEFAULT_TENANT, "user", ids.new_id())
    keeper = Keeper(Store(monkeypatch, fault), Ring(), owner, ids.new_id(), days=30)
    assert await keeper.recent() == []


async def test_the_engine_is_reminded_of_earlier_conversations_where_there_are_some():
    reminded = []

    class Engine:
        async def remind(self, texts):
            reminded.append(texts)

    for texts in ([], ["What is sepsis?"]):
        keeper = SimpleNamespace(recent=AsyncMock(return_value=texts))
        await Connection(None, None, Engine(), None)._remind(keeper)
    assert reminded == [["What is sepsis?"]]
