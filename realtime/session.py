"""A voice session as a state machine: events and results come in, effects come out.

Pure: time and ids are handed in, and nothing here waits. Every public method answers the effects it caused,
in the order in which they must happen.
"""

from collections.abc import Callable, Mapping
from typing import Any

from realtime.conversation import MAX_ITEMS, Conversation, Item, Part, truncate
from realtime.effects import Abort, Answer, Drop, Effect, Send, Timings
from realtime.engine import Heard, Piece, Words
from realtime.extensions import event_of
from realtime.hearing import Hearing, Reading, Utterance
from realtime.items import item_of
from realtime.pending import Asked, Unread, failure
from realtime.protocol import client, server
from realtime.protocol.errors import ProtocolError
from realtime.protocol.server import Wire
from realtime.protocol.settings import SessionSettings, updated
from realtime.responses import Outcome, Response


class Session:
    """`clock` gives seconds that only rise; `new_id` makes an id with the given prefix."""

    def __init__(
        self,
        settings: SessionSettings,
        *,
        clock: Callable[[], float],
        new_id: Callable[[str], str],
        speech: bool = True,
    ) -> None:
        self._clock, self._new_id, self._speech = clock, new_id, speech
        self._effects: list[Effect] = []
        self.settings = self._possible(settings)
        self.conversation = Conversation()
        self._conversation_id = new_id("conv")
        self._unread: dict[str, Unread] = {}
        self._asked: Asked | None = None
        self._owed: Unread | None = None
        self._last_response_id = ""
        self._audible_until = 0.0
        self._played: tuple[str, int] | None = None
        self._state = ""
        self._hearing = Hearing(
            self.settings,
            new_id=new_id,
            emit=self._effects.append,
            send=self._send,
            on_start=self._speech_started,
            on_end=self._utterance,
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
        self._hearing.windows(probabilities, assistant_audible=self._clock() < self._audible_until)
        return self._drain()

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
            self._words(asked, piece.text, audio, audio_ms)
        elif self.settings.extended:
            self._send(event_of(piece, response_id, asked.response.item_id))
        return self._drain()

    def answered(self, response_id: str, *, failed: bool = False) -> list[Effect]:
        """The last piece was given, or the answer broke off."""
        if self._asked and self._asked.response.id == response_id:
            details = failure("answer_failed") if failed else None
            self._finish(self._asked, "failed" if failed else "completed", details)
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
                self._hearing.append(client.audio_bytes(event.audio))
            case client.SessionUpdate():
                self._update(event.session)
            case client.AudioCommit():
                self._need_speech()
                self._hearing.commit()
            case client.AudioClear():
                self._hearing.clear()
                self._send(server.cleared())
                self._show_resting()
            case client.ResponseCreate():
                self._create(event.response or client.ResponseParams())
            case client.ResponseCancel():
                self._cancel_asked(event.response_id)
            case client.OutputClear():
                self._audible_until = 0.0
                if self._last_response_id:
                    self._send(server.output_cleared(self._last_response_id))
            case client.PlaybackPosition():
                self._played = (event.item_id, event.audio_ms)
            case _:
                self._handle_item(event)

    def _handle_item(self, event: client.ClientEvent) -> None:
        match event:
            case client.ItemCreate():
                self._create_item(event.item, event.previous_item_id)
            case client.ItemRetrieve():
                self._send(server.retrieved(self.conversation.find(event.item_id).wire()))
            case client.ItemDelete():
                self._delete_item(event.item_id)
            case client.ItemTruncate():
                truncate(self.conversation.find(event.item_id), event.content_index, event.audio_end_ms)
                self._audible_until = 0.0
                self._send(server.truncated(event.item_id, event.content_index, event.audio_end_ms))

    def _need_speech(self) -> None:
        if not self._speech:
            raise ProtocolError("Speech is not available; please write.", code="speech_unavailable")

    def _possible(self, settings: SessionSettings) -> SessionSettings:
        """Without models of ears and voice a session is a written one."""
        if self._speech:
            return settings
        return updated(
            settings,
            {"type": "realtime", "output_modalities": ["text"], "audio": {"input": {"turn_detection": None}}},
        )

    def _update(self, values: Mapping[str, Any]) -> None:
        self.settings = self._possible(updated(self.settings, values))
        self._hearing.configure(self.settings)
        self._send(server.session("updated", self.settings.wire()))
        self._show_resting()

    def _create_item(self, given: client.AnyItem, after: str | None) -> None:
        if len(self.conversation.items) >= MAX_ITEMS:
            raise ProtocolError("The conversation has too many items.", code="conversation_too_long")
        item = item_of(given, given.id or self._new_id("item"))
        if item.unheard:
            self._need_speech()
        previous = self.conversation.add(item, after)
        self._send(server.item("added", item.wire(), previous))
        self._send(server.item("done", item.wire(), previous))
        if item.unheard:
            rate = 48_000 if self.settings.audio.input.format.__struct_config__.tag == "audio/pcm" else 8_000
            self._read(item, len(item.unheard.audio or b"") / rate, None, automatic=False, silence_ms=0)

    def _delete_item(self, item_id: str) -> None:
        self.conversation.delete(item_id)
        for key in [key for key, unread in self._unread.items() if unread.item.id == item_id]:
            del self._unread[key]
            self._effects.append(Drop(key))
        if self._owed and self._owed.item.id == item_id:
            self._owed = None
        self._send(server.deleted(item_id))
        self._start_if_ready()

    # Listening

    def _speech_started(self) -> None:
        detection = self.settings.turn_detection
        if detection and detection.interrupt_response:
            if self._asked:
                self._cancel(self._asked, "turn_detected")
            self._cut_to_heard()
        self._owed = None
        self._show("hearing")

    def _cut_to_heard(self) -> None:
        """Where the client tells what it plays, keep of the interrupted answer what was heard."""
        if self._played and self._clock() < self._audible_until:
            item_id, audio_ms = self._played
            try:
                truncate(self.conversation.find(item_id), 0, audio_ms)
            except ProtocolError:
                return  # deleted, or a position that cannot be: the client's own truncation will say
            self._send(server.truncated(item_id, 0, audio_ms))
        self._audible_until = 0.0

    def _utterance(self, turn: Utterance) -> None:
        item = Item(turn.item_id, "user", [Part("input_audio", None, audio=turn.audio)])
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
        self._read(item, turn.seconds, turn.reading, automatic=automatic, silence_ms=turn.silence_ms)

    def _read(self, item: Item, seconds: float, reading: Reading | None, *, automatic: bool, silence_ms: int) -> None:
        now = self._clock()
        unread = Unread(item, seconds, automatic, now - silence_ms / 1000, now, float(silence_ms))
        if reading and (reading.heard or reading.failed):
            self._understood(unread, reading.heard)
            return
        key = reading.key if reading else self._new_id("words")
        self._unread[key] = unread
        if reading is None:
            part = item.unheard
            self._effects.append(self._hearing.transcribe(key, (part.audio if part else b"") or b""))

    def _understood(self, unread: Unread, heard: Heard | None) -> None:
        item = unread.item
        part = item.unheard
        if part is None:
            return
        part.text, part.audio = heard.text if heard else "", None
        if self.settings.audio.input.transcription:
            if heard:
                self._send(server.transcribed(item.id, heard.text, unread.seconds))
            else:
                self._send(server.transcription_failed(item.id))
        if self._asked and not self._asked.started and item in self._asked.items:
            self._asked.transcription_ms = self._since(unread.committed_at)
            if heard is None:
                self._finish(self._asked, "failed", failure("transcription_unavailable"))
            self._start_if_ready()
        elif unread.automatic:
            self._answer_turn(unread, heard)

    def _answer_turn(self, unread: Unread, heard: Heard | None) -> None:
        if heard is not None and not heard.text.strip():
            self._show_resting()  # a cough or a door
            return
        if self._asked:
            self._owed = unread
            return
        asked = self._begin(self.settings, bound=True, metadata=None, items=self.conversation.question())
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
        if params.output_modalities:
            settings = self._possible(
                updated(settings, {"type": "realtime", "output_modalities": list(params.output_modalities)})
            )
        items = self.conversation.question()
        if params.input is not None:
            items = [self._input_item(values) for values in params.input]
        self._begin(settings, bound=params.conversation != "none", metadata=params.metadata, items=items)
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
        text = " ".join(item.text for item in asked.items if item.role == "user" and item.text)
        settings = asked.response.settings
        self._effects.append(Answer(asked.response.id, text, settings.speaks, settings.audio.output.format))

    def _words(self, asked: Asked, text: str, audio: bytes | None, audio_ms: float) -> None:
        self._send_all(asked.response.words(text, audio, audio_ms))
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
            self._audible_until = 0.0

    def _finish(self, asked: Asked, outcome: Outcome, details: dict[str, Any] | None = None) -> None:
        self._asked = None
        self._send_all(asked.response.ended(outcome, details))
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

    def _since(self, moment: float) -> float:
        return round((self._clock() - moment) * 1000, 1)

    def _send(self, event: Wire) -> None:
        self._effects.append(Send({"event_id": self._new_id("event"), **event}))

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
