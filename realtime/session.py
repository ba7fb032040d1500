"""A voice session as a state machine: events and results come in, effects come out.

Pure: time and ids are handed in, and nothing here waits. Every public method answers the effects it caused,
in the order in which they must happen.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from realtime.contexts import answer_of
from realtime.conversation import MAX_ITEMS, Clause, Conversation, Item, Part, dose_begins, is_echo, stops, truncate
from realtime.dialogue import smalltalk
from realtime.effects import Abort, Cut, Drop, Effect, Keep, Offer, Resume, Send, Timings, Unkeep, UseCase
from realtime.engine import CaseClosed, Clarification, Fallback, FunctionCall, Heard, Piece, ToolUse, Words
from realtime.extensions import event_of, fact_of, passing_of
from realtime.hearing import SHORTEST_COMMIT_MS, Hearing, Reading, Utterance
from realtime.items import item_of
from realtime.microphone import Reserve
from realtime.pending import Asked, Begun, Unread, failure
from realtime.protocol import client, server
from realtime.protocol.errors import ProtocolError, item_taken, missing
from realtime.protocol.server import Wire
from realtime.protocol.settings import Format, SessionSettings, restored, updated
from realtime.responses import Outcome, Response
from realtime.resumption import MOST_DELETED, NotResumableError, Resumed, State, sounding_of
from realtime.resumption import item_of as kept_item

# SPEC P4.15: who goes on within 700 ms of the first sound had only paused.
GOES_ON_S = 0.7


class Session:
    """`clock` gives seconds that only rise; `new_id` makes an id with the given prefix. `passes_on`: see Hearing."""

    def __init__(
        self,
        settings: SessionSettings,
        *,
        clock: Callable[[], float],
        new_id: Callable[[str], str],
        speech: bool = True,
        conversation_id: str = "",
        passes_on: bool = False,
    ) -> None:
        self._clock, self._new_id, self._speech = clock, new_id, speech
        self._effects: list[Effect] = []
        self._sent = 0  # events of this connection
        self.settings = self._possible(settings)
        self.conversation = Conversation()
        self._conversation_id = conversation_id or new_id("conv")
        self._unread: dict[str, Unread] = {}
        self._asked: Asked | None = None
        self._owed: Unread | None = None
        self._latest: Asked | None = None
        self._begun: Begun | None = None
        self._last_response_id = ""
        self._audible_until = 0.0
        self._played: tuple[str, int] | None = None
        self._held_at: float | None = None  # since when the answer waits
        self._asking = False  # the last answer was a question: "yes" is a reply to it
        self._state = ""
        self._is_offered = self._gone = self._is_owed = False
        self._unwanted = ""  # the question whose answer the client has cancelled
        self._deleted: list[tuple[str, int]] = []
        self._case_id = ""
        self._hearing = Hearing(
            self.settings,
            new_id=new_id,
            emit=self._effects.append,
            send=self._send,
            on_suspect=self._hold,
            on_listener=self._go_on,
            on_start=self._speech_started,
            on_end=self._utterance,
            on_passing=lambda item_id, text: self._send(
                server.extension("transcript.passing", item_id=item_id, text=text)
            ),
            is_echo=self._is_echo,
            passes_on=passes_on,
        )

    # What comes in

    def begin(self) -> list[Effect]:
        self._send(server.session("created", self.settings.wire()))
        self._show_resting()
        return self._drain()

    def receive(self, message: str) -> list[Effect]:
        """A message of the client; one that is wrong is answered by an error event, and the session goes on."""
        event_id = None
        try:
            event = client.decode(message)
            event_id = event.event_id
            self._handle(event)
        except client.RejectedEventError as rejected:
            self._send(server.error(rejected.wire(rejected.event_id)))
        except ProtocolError as error:
            self._send(server.error(error.wire(event_id)))
        return self._drain()

    def windows(self, probabilities: list[float]) -> list[Effect]:
        """The judgement of `Listen`."""
        self._hearing.windows(probabilities, assistant_audible=self._is_audible, holds=self._holds)
        return self._drain()

    @property
    def _is_audible(self) -> bool:
        return self._held_at is not None or self._clock() < self._audible_until

    @property
    def _holds(self) -> bool:
        """Whether the client can make an answer wait: one that tells what it plays."""
        detection = self.settings.turn_detection
        interrupts = detection is not None and detection.interrupt_response
        return self.settings.extended and self._played is not None and interrupts and not self._asking

    def transcribed(self, key: str, heard: Heard | None) -> list[Effect]:
        """The words of `Transcribe`; None if they could not be read."""
        unread = self._unread.pop(key, None)
        if unread:
            self._understood(unread, heard)
        else:
            self._hearing.words(key, heard)
        return self._drain()

    def piece(self, response_id: str, piece: Piece, audio: bytes | None = None, audio_ms: float = 0.0) -> list[Effect]:
        """A piece of the answer; `audio` is the sound of `Words` in the wire format."""
        asked = self._asked
        if asked is None or asked.response.id != response_id:
            return []
        asked.answered_at = asked.answered_at or self._clock()
        if isinstance(piece, Words):
            self._words(asked, piece, audio, audio_ms)
        elif isinstance(piece, CaseClosed):
            self._close_case()
        elif isinstance(piece, FunctionCall):
            self._send_all(asked.response.call(self._new_id("item"), piece))
        else:
            self._asking = self._asking or isinstance(piece, Clarification)
            if isinstance(piece, ToolUse | Fallback):
                name, members = passing_of(piece)
            else:
                name, members = fact_of(piece)
                asked.response.facts[name] = members
            if self.settings.extended:
                self._send(event_of(name, members, response_id, asked.response.item_id))
        return self._drain()

    def answered(self, response_id: str, *, failed: bool = False) -> list[Effect]:
        """The last piece was given, or the answer broke off."""
        if self._asked and self._asked.response.id == response_id:
            details = failure("answer_failed") if failed else None
            self._finish(self._asked, "failed" if failed else "completed", details)
        return self._drain()

    def saved(self, item_id: str, seq: int) -> list[Effect]:
        """An item, or that it was taken back, lies in the store."""
        if all(item.id != item_id for item in self.conversation.items):
            others = [one for one in self._deleted if one[0] != item_id]  # its creation may have been stored late
            self._deleted = [*others, (item_id, seq)][-MOST_DELETED:]
        if self.settings.extended:
            members = {"conversation_id": self._conversation_id, "item_id": item_id, "seq": seq}
            self._send(server.extension("conversation.saved", **members))
        return self._drain()

    # Going on elsewhere

    def offered(self, token: str, seconds: int) -> list[Effect]:
        """With `token` the client may come back within so many seconds after it was lost."""
        members = {"token": token, "conversation_id": self._conversation_id, "expires_in": seconds}
        self._send(server.extension("session.resumable", **members))
        return self._drain()

    def snapshot(self) -> State:
        """What another process needs beside the stored items."""
        detection = self.settings.turn_detection
        waiting = self.conversation.question()
        unwanted = bool(waiting) and waiting[-1].id == self._unwanted
        by_itself = detection is not None and detection.create_response and not unwanted
        owed = self._is_owed or (self._asked is not None and self._asked.response.bound)
        return State(
            settings=msgspec.to_builtins(self.settings),
            sounding=sounding_of(self.conversation),
            played=self._played,
            deleted=tuple(self._deleted),
            owed=owed or by_itself,
            asking=self._asking,
            case_id=self._case_id,
        )

    def resumed(self, found: Resumed) -> list[Effect]:
        """Go on with a session of before: the client gets what it has not seen, and the answer that is owed."""
        state = found.state
        self.settings = self._possible(restored(state.settings, own=self.settings))
        self._hearing.configure(self.settings)
        self._conversation_id = found.conversation_id
        self.conversation.restore([kept_item(kept, state.sounding) for kept in found.items])
        self._played, self._asking, self._deleted = state.played, state.asking, list(state.deleted)
        self._send(server.session("updated", self.settings.wire()))
        self._catch_up(found)
        seq = max([found.after, *(kept.seq for kept in found.items), *(seq for _, seq in self._deleted)])
        members = {"conversation_id": self._conversation_id, "seq": seq}
        self._send(server.extension("session.resumed", **members))
        self._offer()
        if state.owed and self.conversation.question():
            asked = self._begin(self.settings, bound=True, metadata=None, items=self.conversation.question())
            self._latest = asked
            if self.settings.turn_detection:
                asked.turn = asked.items[-1]
            self._start_if_ready()
        self._show_resting()
        return self._drain()

    def _catch_up(self, found: Resumed) -> None:
        for item_id, seq in self._deleted:
            if seq > found.after:
                self._send(server.deleted(item_id))
        for kept in found.items:
            if kept.seq <= found.after:
                continue
            item, previous = self.conversation.find(kept.item_id), self.conversation.before(kept.item_id)
            self._send(server.item("added", item.wire(), previous))
            self._send(server.item("done", item.wire(), previous))
            for name, members in kept.facts.items():
                self._send(event_of(name, members, "", kept.item_id))

    def refused(self, error: ProtocolError, event_id: str | None) -> list[Effect]:
        """What `Resume` or `UseCase` was to do cannot be done; the session stays as it is."""
        self._send(server.error(error.wire(event_id)))
        return self._drain()

    def case_opened(self, case_id: str, *, facts: int, expires_at: str) -> list[Effect]:
        """What is known in the case is taken for what nobody says from now on."""
        self._case_id = case_id
        if self.settings.extended:
            members = {"case_id": case_id, "facts": facts, "expires_at": expires_at}
            self._send(server.extension("context.updated", **members))
        return self._drain()

    def case_closed(self) -> list[Effect]:
        """It is not there any more when the client comes back."""
        self._close_case()
        return self._drain()

    def _close_case(self) -> None:
        self._case_id = ""
        if self.settings.extended:
            self._send(server.extension("context.updated", case_id=None, facts=0, expires_at=None))

    def dropped(self, *, silenced: bool) -> list[Effect]:
        """The client is gone and may come back; `silenced`: the sound went with it.

        What was being said is a turn, which nobody answers now. An answer of which nothing was heard is given again.
        """
        self._gone = True
        self._owed = self._begun = None
        asked, item = self._asked, self._asked.response.item if self._asked else None
        if asked and asked.response.bound:
            self._is_owed = True
        if asked:
            self._cancel(asked, "turn_detected")
        if item and not (self._played and self._played[0] == item.id and self._played[1] > 0):
            if item in self.conversation.items:
                self._delete_item(item.id)
        elif silenced:
            self._cut_to_heard()
        pressed = self.settings.turn_detection is None
        if (pressed or self._hearing.speaking) and self._hearing.microphone.duration_ms >= SHORTEST_COMMIT_MS:
            self._hearing.commit()
        return self._drain()

    def _offer(self) -> None:
        self._is_offered = True
        self._effects.append(Offer())

    def left(self) -> list[Effect]:
        """The client went away, and the sound with it: of an answer that was being played the heard part stays."""
        self._owed = None
        if self._asked:
            self._cancel(self._asked, "turn_detected")
        self._cut_to_heard()
        return self._drain()

    def moving(self) -> list[Effect]:
        """The service stops: after the answer that is being given the session goes on in another process."""
        if self.settings.extended:
            self._send(server.extension("session.move"))
        return self._drain()

    def expire(self) -> list[Effect]:
        """The session has reached its longest time."""
        error = ProtocolError("The session has reached its longest time.", code="session_expired")
        self._send(server.error(error.wire(None)))
        return self._drain()

    def refuse_binary(self) -> list[Effect]:
        error = ProtocolError("Only text messages are understood.", code="invalid_json")
        self._send(server.error(error.wire(None)))
        return self._drain()

    @property
    def is_answering(self) -> bool:
        return self._asked is not None

    # Client events

    def _handle(self, event: client.ClientEvent) -> None:
        match event:
            case client.AudioAppend():
                self._need_speech()
                self._hearing.append(event.audio)
            case client.SessionUpdate():
                self._update(event.session)
            case client.AudioCommit():
                self._need_speech()
                self._hearing.commit()
            case client.AudioClear():
                self._begun = None
                self._hearing.clear()
                self._send(server.cleared())
                self._show_resting()
            case client.ResponseCreate():
                self._need_answers()
                self._create(event.response or client.ResponseParams())
            case client.ResponseCancel():
                self._cancel_asked(event.response_id)
            case client.OutputClear():
                self._silence()
                if self._last_response_id:
                    self._send(server.output_cleared(self._last_response_id))
            case _:
                self._handle_item(event)

    def _handle_item(self, event: client.ClientEvent) -> None:
        match event:
            case client.PlaybackPosition():
                self._play(event.item_id, event.audio_ms)
            case client.SessionResume():
                self._come_back(event)
            case client.ContextUpdate():
                self._use_case(event)
            case client.ItemCreate():
                self._create_item(event.item, event.previous_item_id)
            case client.ItemRetrieve():
                self._send(server.retrieved(self.conversation.find(event.item_id).wire()))
            case client.ItemDelete():
                self._delete_item(event.item_id)
            case client.ItemTruncate():
                item = self.conversation.find(event.item_id)
                truncate(item, event.content_index, event.audio_end_ms)
                self._keep(item)
                self._effects.append(Cut(item.id, event.audio_end_ms))
                self._silence()
                self._send(server.truncated(event.item_id, event.content_index, event.audio_end_ms))

    def _play(self, item_id: str, audio_ms: int) -> None:
        """The client plays this; an answer that it had held by itself is audible longer than was reckoned."""
        self._played = (item_id, audio_ms)
        item = next((one for one in self.conversation.items if one.id == item_id and one.parts), None)
        if item and not item.interrupted:
            rest_ms = item.parts[0].audio_ms - audio_ms
            self._audible_until = max(self._audible_until, self._clock() + rest_ms / 1000)

    def _come_back(self, event: client.SessionResume) -> None:
        if self.conversation.items or self._asked or self._hearing.speaking:
            raise NotResumableError
        if not event.token and not event.conversation_id:
            raise missing("token")
        self._effects.append(Resume(event.token, event.after, event.event_id, event.conversation_id))

    def _use_case(self, event: client.ContextUpdate) -> None:
        """A conversation is about one case: another one needs a new conversation, which knows nothing of this one."""
        if self._case_id not in {"", event.case_id}:
            raise ProtocolError("The conversation is about another case.", code="case_already_open", param="case_id")
        self._effects.append(UseCase(event.case_id, event.event_id))

    def _need_speech(self) -> None:
        if not self._speech:
            raise ProtocolError("Speech is not available; please write.", code="speech_unavailable")

    def _need_answers(self) -> None:
        if not self.settings.answers:
            raise ProtocolError("A session that transcribes gives no answers.", param="type")

    def _possible(self, settings: SessionSettings) -> SessionSettings:
        """Without models of ears and voice a session is a written one."""
        if self._speech:
            return settings
        return updated(
            settings,
            {"type": settings.type, "output_modalities": ["text"], "audio": {"input": {"turn_detection": None}}},
        )

    def _update(self, values: Mapping[str, Any]) -> None:
        self.settings = self._possible(updated(self.settings, values))
        self._hearing.configure(self.settings)
        if not self._hearing.speaking:
            self._begun = None
        self._send(server.session("updated", self.settings.wire()))
        if self.settings.extended and not self._is_offered:
            self._offer()
        self._show_resting()

    def _create_item(self, given: client.AnyItem, after: str | None) -> None:
        if len(self.conversation.items) >= MAX_ITEMS:
            raise ProtocolError("The conversation has too many items.", code="conversation_too_long")
        if self._asked and given.id == self._asked.response.item_id:  # the answer's own, which has not begun
            raise item_taken()
        item = item_of(given, given.id or self._new_id("item"))
        if item.unheard:
            self._need_speech()
        previous = self.conversation.add(item, after)
        self._send(server.item("added", item.wire(), previous))
        self._send(server.item("done", item.wire(), previous))
        self._keep(item)
        if item.unheard:
            rate = 48_000 if self.settings.audio.input.format.__struct_config__.tag == "audio/pcm" else 8_000
            self._read(item, len(item.unheard.audio or b"") / rate, None, automatic=False, silence_ms=0)

    def _delete_item(self, item_id: str) -> None:
        self.conversation.delete(item_id)
        self._effects.append(Unkeep(item_id))
        for key in [key for key, unread in self._unread.items() if unread.item.id == item_id]:
            del self._unread[key]
            self._effects.append(Drop(key))
        if self._owed and self._owed.item.id == item_id:
            self._owed = None
        self._send(server.deleted(item_id))
        self._start_if_ready()

    # Listening

    def _hold(self) -> None:
        self._held_at = self._clock()
        self._send(server.extension("playback.hold"))

    def _go_on(self) -> None:
        if self._held_at is None:
            return
        self._audible_until += self._clock() - self._held_at
        self._held_at = None
        again = self._dose_begins()
        if self._played is None or again is None:
            self._send(server.extension("playback.resume", item_id=None, audio_ms=None))
            return
        item_id, audio_ms = self._played
        self._audible_until += (audio_ms - again) / 1000
        self._played = (item_id, again)
        self._send(server.extension("playback.resume", item_id=item_id, audio_ms=again))

    def _is_echo(self, heard: Heard) -> bool:
        """A client that tells what it plays may have heard the loudspeaker; who is misread speaks on or again."""
        if not heard.confident and not stops(heard.text):
            return True
        return is_echo(*self._playing(), heard.text)

    def _playing(self) -> tuple[list[Clause], int]:
        """The clauses of what the client played last, and how far it came (ms)."""
        item_id, audio_ms = self._played or ("", 0)
        item = next((one for one in self.conversation.items if one.id == item_id and one.parts), None)
        return (item.parts[0].clauses if item else []), audio_ms

    def _dose_begins(self) -> int | None:
        """From where a held sentence is said again: one with a dose from its start, any other goes on."""
        begin = dose_begins(*self._playing())
        return None if begin is None else int(begin)

    def _speech_started(self) -> None:
        detection = self.settings.turn_detection
        if detection and detection.interrupt_response:
            self._begun = self._goes_on()
            if self._asked:
                self._cancel(self._asked, "turn_detected")
            self._cut_to_heard()
        self._owed = None
        self._show("hearing")

    def _goes_on(self) -> Begun | None:
        """The turn before, if the speaker had only paused: nothing of an answer was heard, or hardly anything."""
        unread = next((one for one in self._unread.values() if one.automatic), None)
        if unread:
            before = unread.begun or Begun(unread.item)
            return Begun(unread.item, said=before.said, asked=before.asked)
        latest = self._latest
        if latest is None or latest.turn is None:
            return None
        if latest.first_audio_at is None:
            early = latest is self._asked
        else:
            early = self._clock() - self._hearing.spoken_s - latest.first_audio_at <= GOES_ON_S
        return Begun(latest.turn, latest.response.item, asked=latest.started or latest.instead) if early else None

    def _cut_to_heard(self) -> None:
        """Where the client tells what it plays, keep of the interrupted answer what was heard."""
        audible, self._held_at = self._is_audible, None
        if self._played and audible:
            item_id, audio_ms = self._played
            try:
                item = self.conversation.find(item_id)
                truncate(item, 0, audio_ms)
            except ProtocolError:
                return  # deleted, or a position that cannot be: the client's own truncation will say
            self._keep(item)
            self._effects.append(Cut(item_id, audio_ms))
            self._send(server.truncated(item_id, 0, audio_ms))
        self._silence()

    def _silence(self) -> None:
        """The client plays nothing any more."""
        self._audible_until, self._held_at = 0.0, None

    def _utterance(self, turn: Utterance) -> None:
        begun, self._begun = self._begun, None
        audio, reading = turn.audio, turn.reading
        if begun:
            audio, reading = self._taken_back(begun, audio, reading)
        item = Item(turn.item_id, "user", [Part("input_audio", None, audio=audio)])
        previous = self.conversation.add(item)
        self._send(server.committed(item.id, previous))
        self._send(server.item("added", item.wire(), previous))
        self._send(server.item("done", item.wire(), previous))
        detection = self.settings.turn_detection
        automatic = detection is not None and detection.create_response
        if automatic:
            self._show("thinking")
        else:
            self._show_resting()
        self._read(
            item,
            turn.seconds,
            reading,
            automatic=automatic,
            silence_ms=turn.silence_ms,
            begun=begun,
            wire=turn.wire,
            passed=turn.passed,
        )

    def _taken_back(self, begun: Begun, audio: bytes, reading: Reading | None) -> tuple[bytes, Reading | None]:
        """The begun turn and what was answered to it leave the conversation; its words go on in this one."""
        part = begun.item.unheard
        if part:
            audio = (part.audio or b"") + audio
            if reading and not reading.failed and reading.heard is None:
                self._effects.append(Drop(reading.key))
            reading = None
        else:
            begun.said = begun.item.text
        for item in (begun.answer, begun.item):
            if item and item in self.conversation.items:
                self._delete_item(item.id)
        return audio, reading

    def _read(
        self, item: Item, seconds: float, reading: Reading | None, *, automatic: bool, silence_ms: int,
        begun: Begun | None = None, wire: Format | Reserve | None = None, passed: bool = False,
    ) -> None:  # fmt: skip
        now = self._clock()
        unread = Unread(item, seconds, automatic, now - silence_ms / 1000, now, float(silence_ms), begun)
        if reading and (reading.heard or reading.failed):
            self._understood(unread, reading.heard)
            return
        key = reading.key if reading else self._new_id("words")
        self._unread[key] = unread
        if reading is None:
            part = item.unheard
            audio = (part.audio if part else b"") or b""
            self._effects.append(self._hearing.transcribe(key, audio, wire, passed=passed))

    def _understood(self, unread: Unread, heard: Heard | None) -> None:
        item = unread.item
        part = item.unheard
        if part is None:
            return
        part.text, part.audio = _joined(unread.begun, heard), None
        self._keep(item)
        if self.settings.audio.input.transcription:
            if heard:
                self._send(server.transcribed(item.id, part.text, unread.seconds))
            else:
                self._send(server.transcription_failed(item.id))
        if self._asked and not self._asked.started and item in self._asked.items:
            self._asked.transcription_ms = self._since(unread.committed_at)
            if heard is None:
                self._finish(self._asked, "failed", failure("transcription_unavailable"))
            self._start_if_ready()
        elif unread.automatic and not (self._begun and self._begun.item is item):
            self._answer_turn(unread, heard)

    def _answer_turn(self, unread: Unread, heard: Heard | None) -> None:
        if self._gone:
            return
        if heard is not None and not unread.item.text:
            self._show_resting()  # a cough or a door
            return
        if self._asked:
            self._owed = unread
            return
        asked = self._begin(self.settings, bound=True, metadata=None, items=self.conversation.question())
        self._latest = asked
        asked.turn, asked.instead = unread.item, bool(unread.begun and unread.begun.asked)
        asked.began_at, asked.eou_ms = unread.ended_at, unread.eou_ms
        asked.transcription_ms = self._since(unread.committed_at)
        if heard is None:
            self._finish(asked, "failed", failure("transcription_unavailable"))
        self._start_if_ready()

    # Answering

    def _create(self, params: client.ResponseParams) -> None:
        if self._asked:
            raise ProtocolError(
                "The conversation already has an active response.", code="conversation_already_has_active_response"
            )
        settings = self.settings
        if changed := params.changed():
            settings = self._possible(updated(settings, {"type": "realtime", **changed}, prefix="response"))
        items = self.conversation.question()
        if params.input is not None:
            items = [self._input_item(values) for values in params.input]
        asked = self._begin(settings, bound=params.conversation != "none", metadata=params.metadata, items=items)
        asked.apart = params.input is not None
        self._start_if_ready()

    def _input_item(self, values: dict[str, Any]) -> Item:
        if values.get("type") == "item_reference":
            return self.conversation.find(str(values.get("id")))
        item = item_of(client.item_of(values), self._new_id("item"))
        if item.unheard:
            raise ProtocolError("Audio is not supported here.", param="response.input")
        return item

    def _begin(
        self, settings: SessionSettings, *, bound: bool, metadata: dict[str, str] | None, items: list[Item]
    ) -> Asked:
        response = Response(
            self._new_id("resp"),
            self._new_id("item"),
            settings,
            self.conversation,
            self._conversation_id,
            bound,
            metadata,
        )
        self._last_response_id = response.id
        self._asking = False
        self._asked = Asked(response, self._clock(), items)
        self._send_all(response.created())
        self._show("thinking")
        return self._asked

    def _start_if_ready(self) -> None:
        """Ask the engine once every word of the question is known."""
        asked = self._asked
        if asked is None or asked.started:
            return
        if any(item.unheard for item in asked.items if item in self.conversation.items):
            return
        asked.started = True
        self._effects.append(answer_of(asked, self.conversation))

    def _words(self, asked: Asked, words: Words, audio: bytes | None, audio_ms: float) -> None:
        self._send_all(asked.response.words(words.text, audio, audio_ms, aligned=words.aligned))
        if audio:
            now = self._clock()
            asked.first_audio_at = asked.first_audio_at or now
            self._audible_until = max(now, self._audible_until) + audio_ms / 1000
            self._show("speaking")

    def _cancel_asked(self, response_id: str | None) -> None:
        if self._asked is None or response_id not in {None, self._asked.response.id}:
            raise ProtocolError("There is no active response to cancel.", code="response_cancel_not_active")
        self._cancel(self._asked, "client_cancelled")

    def _cancel(self, asked: Asked, reason: str) -> None:
        self._effects.append(Abort(asked.response.id))
        self._finish(asked, "cancelled", {"type": "cancelled", "reason": reason})
        if reason == "client_cancelled":
            self._latest = None  # who stops an answer asks something new next
            self._unwanted = waiting[-1].id if (waiting := self.conversation.question()) else ""
            self._silence()

    def _finish(self, asked: Asked, outcome: Outcome, details: dict[str, Any] | None = None) -> None:
        self._asked = None
        self._send_all(asked.response.ended(outcome, details))
        answer = asked.response.item
        if answer and asked.response.bound and answer in self.conversation.items:
            self._keep(answer)
        timings = asked.timings()
        self._effects.append(timings)
        if self.settings.extended:
            members = {name: getattr(timings, name) for name in Timings.__slots__}
            self._send(server.extension("metrics", **members))
        if not self._hearing.speaking:
            self._show_resting()
        owed, self._owed = self._owed, None
        if owed:
            self._answer_turn(owed, Heard(owed.item.text))

    # Going out

    def _keep(self, item: Item) -> None:
        kept = None if item.status == "in_progress" else item.kept()
        if kept:
            self._effects.append(Keep(kept))

    def _since(self, moment: float) -> float:
        return round((self._clock() - moment) * 1000, 1)

    def _send(self, event: Wire) -> None:
        numbered = {"sequence_number": self._sent} if self.settings.extended else {}
        self._effects.append(Send({"event_id": self._new_id("event"), **numbered, **event}))
        self._sent += 1

    def _send_all(self, events: list[Wire]) -> None:
        for event in events:
            self._send(event)

    def _show(self, state: str) -> None:
        if state != self._state:
            self._state = state
            if self.settings.extended:
                self._send(server.extension("status", state=state))

    def _show_resting(self) -> None:
        if self._hearing.speaking:
            self._show("hearing")
        elif self._asked is None:
            self._show("listening" if self.settings.turn_detection else "idle")

    def _drain(self) -> list[Effect]:
        effects = list(self._effects)
        self._effects.clear()
        return effects


def _joined(begun: Begun | None, heard: Heard | None) -> str:
    """The words of a turn with those it began with; who says stop takes those back."""
    words = heard.text.strip() if heard else ""
    return words if begun is None or smalltalk.kind_of(words) == "stop" else f"{begun.said} {words}".strip()
