"""Which engine a session has: the installation's, or the one that its tenant was given."""

from collections.abc import Mapping
from typing import get_args
from urllib.parse import urlencode
from uuid import UUID

from realtime.dialogue.phrases import Phrasebook
from realtime.engine import EngineSession, RealtimeEngine
from realtime.engines.bridge import BridgeEngine
from realtime.engines.cascade import CascadeEngine, chat_model
from realtime.engines.local import LocalEngine
from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import Principal
from voiceassist.runtime import providers
from voiceassist.runtime.egress import sockets
from voiceassist.runtime.settings import EngineName, Settings


class ChosenEngine:
    """Several engines as one. All of them have the same ears."""

    name = "chosen"

    def __init__(self, usual: RealtimeEngine, of_tenants: Mapping[UUID, RealtimeEngine]) -> None:
        self._usual, self._of_tenants = usual, of_tenants

    @property
    def hears_and_speaks(self) -> bool:
        return self._usual.hears_and_speaks

    def open(self, principal: Principal) -> EngineSession:
        return self._of_tenants.get(principal.tenant_id, self._usual).open(principal)


def chosen(settings: Settings, local: LocalEngine) -> RealtimeEngine:
    """The engines of the settings, each made once. Raises SettingsError for one that is half configured."""
    of_tenants = tenants(settings.voice.engines)
    made: dict[str, RealtimeEngine] = {"local": local}
    for name in {settings.voice.engine, *of_tenants.values()} - made.keys():
        made[name] = _made(name, settings, local)
    return ChosenEngine(made[settings.voice.engine], {tenant_id: made[name] for tenant_id, name in of_tenants.items()})


def _made(name: str, settings: Settings, local: LocalEngine) -> RealtimeEngine:
    if name == BridgeEngine.name:
        return _bridge(settings, local)
    return CascadeEngine(local, chat_model(settings), auditor=providers.auditor("realtime"))


def _bridge(settings: Settings, local: LocalEngine) -> BridgeEngine:
    bridge = settings.bridge
    if not bridge.url.startswith(("wss://", "ws://")) or not bridge.model or not bridge.api_key:
        raise SettingsError("VOICEASSIST_BRIDGE__URL, __MODEL and __API_KEY must name a speech service.")
    if settings.models.remote_policy != "scan":
        raise SettingsError("The engine openai needs VOICEASSIST_MODELS__REMOTE_POLICY=scan.")
    url = f"{bridge.url}?{urlencode({'model': bridge.model})}"
    headers = {"authorization": f"Bearer {bridge.api_key}"}
    return BridgeEngine(
        local,
        lambda: sockets.opened(providers.egress(), url, headers=headers),
        auditor=providers.auditor("realtime"),
        model=bridge.model,
        voice=bridge.voice,
        seconds=bridge.seconds,
        ears=bridge.ears,
        transcriber=bridge.transcriber,
    )


def tenants(told: str) -> dict[UUID, str]:
    """`<tenant id>=<engine>, …`; raises SettingsError."""
    found: dict[UUID, str] = {}
    for part in filter(None, map(str.strip, told.split(","))):
        tenant, _, name = part.partition("=")
        try:
            tenant_id = UUID(tenant.strip())
        except ValueError:
            raise SettingsError("VOICEASSIST_VOICE__ENGINES is a list of <tenant id>=<engine>.") from None
        if name.strip() not in get_args(EngineName):
            raise SettingsError("VOICEASSIST_VOICE__ENGINES names an engine that there is not.")
        found[tenant_id] = name.strip()
    return found


def loaded(settings: Settings, book: Phrasebook) -> tuple[LocalEngine, RealtimeEngine]:
    """The local engine, which holds the models, and what sessions are opened with."""
    local = LocalEngine.load(settings, book)
    return local, chosen(settings, local)
