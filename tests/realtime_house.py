"""An engine with a model, without ears and voice: the real calculators, a library of two passages, one's own gate."""

import re
from dataclasses import replace

from functions.calculators import service
from realtime.engine import Called, Context, FunctionCall, Said, Words
from realtime.engines.bridge import BridgeEngine
from realtime.engines.cascade import CascadeEngine
from realtime.engines.local import LocalEngine, known_drugs
from voiceassist.contracts.answers import Answer, Passage
from voiceassist.contracts.calculations import ComputeRequest, InterpretRequest
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.core.ids import new_id
from voiceassist.ports.auditing import Remembering
from voiceassist.runtime import language
from voiceassist.runtime.egress import Gate, Scanner, policy, sockets
from voiceassist.runtime.egress.scanning import Found
from voiceassist.runtime.egress.web import Egress
from voiceassist.runtime.pseudonyms.vault import MemoryVault
from voiceassist.runtime.settings import Egress as EgressSettings
from voiceassist.runtime.settings import Language, Settings

GOUT = "Colchicine 0.5 mg twice daily is given for acute gout. NSAIDs are avoided in renal failure."


class Rooms:
    """The real calculators, and a library of two passages, one of which is somebody's own."""

    def __init__(self):
        self.searched, self.case = [], ()

    async def interpret(self, text, *, calculator=None, known=None, asked=None, doubted=None, assume=False):
        request = InterpretRequest(
            text=text, calculator=calculator, known=dict(known or {}), asked=asked, doubted=dict(doubted or {}),
            assume=assume, case=self.case,
        )  # fmt: skip
        return service.interpreted(request)

    async def compute(self, calculator_id, interpretation):
        request = ComputeRequest(inputs=interpretation.inputs, assumed=interpretation.assumed)
        return service.computed(calculator_id, request)

    async def search(self, question):
        self.searched.append(question)
        return (
            Passage(chunk_id="1", document_id="1", title="Gout", heading="Treatment", text=GOUT, score=1, source="S"),
            Passage(
                chunk_id="2", document_id="2", title="Own notes", text="Mine.", score=0.9, source="N",
                visibility="private",
            ),
        )  # fmt: skip

    async def ask(self, skill, question):
        raise NotImplementedError

    async def answer(self, _question):
        return Answer(status="abstained", text="I found no evidence for that.", spoken="I found no evidence for that.")


class Names:
    version = "test"

    def find(self, text, *, known=(), kind=None):
        return [Found(match.start(), match.end(), ("NAME",)) for match in re.finditer("john smith", text)]


class House:
    """One conversation with an engine."""

    def __init__(self, exceptions="", *, baa=True):
        table = replace(policy.load(None, exceptions), baa=baa)
        self.gate = Gate(table, Scanner(Names), models=True, vault=MemoryVault())
        self.rooms, self.auditor = Rooms(), Remembering()
        self.local = LocalEngine(None, rooms=lambda _principal: self.rooms, gate=self.gate, drugs=known_drugs())
        user_id = new_id()
        self.principal = Principal(subject=str(user_id), tenant_id=DEFAULT_TENANT, role="user", user_id=user_id)
        self.entries = []

    def cascade(self, server, allow="local"):
        """With the language model `server`."""
        settings = Settings(
            language=Language(url=server.url, model="scripted", allow=allow, seconds=20.0),
            egress=EgressSettings(allow_private=True),
        )
        model = language.Gated(language.opened(settings, Egress(settings)), allow=allow, gate=self.gate)
        self.session = CascadeEngine(self.local, model, auditor=self.auditor).open(self.principal)
        return self

    def bridge(self, upstream, **options):
        """With the speech service `upstream`."""
        egress = Egress(Settings(egress=EgressSettings(allow_private=True)))
        self.engine = BridgeEngine(
            self.local,
            lambda: sockets.opened(egress, upstream.url, headers={"authorization": "Bearer key"}),
            auditor=self.auditor,
            **{"model": "scripted", "voice": "marin", "seconds": 5.0, **options},
        )
        self.session = self.engine.open(self.principal)
        return self

    async def ask(self, text, *, functions=(), after=(), **options):
        """The pieces of an answer to `text`, in the conversation so far."""
        if text:
            self.entries.append(Said(f"item_{new_id().hex}", "user", text))
        self.entries += after
        context = Context(f"item_{new_id().hex}", tuple(self.entries), functions=functions)
        pieces = [piece async for piece in self.session.answer(text, spoken=False, context=context, **options)]
        if said := told(pieces):
            self.entries.append(Said(context.item_id, "assistant", said))
        self.entries += [Called(f"item_{new_id()}", one) for one in of(pieces, FunctionCall)]
        return pieces


def told(pieces):
    return "".join(piece.text for piece in pieces if isinstance(piece, Words))


def of(pieces, kind):
    return [piece for piece in pieces if isinstance(piece, kind)]
