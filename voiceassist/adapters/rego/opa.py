"""A server of Open Policy Agent, asked by its REST API (`POST /v1/data/…`): a sidecar or a service of bundles."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from voiceassist.ports.policy import DECISION, Decision, PolicyError, decision_of

if TYPE_CHECKING:
    import httpx

SECONDS = 0.5  # a sidecar answers in a few milliseconds


class OpaServer:
    """`revision` is what the server said last: of its bundle, which it gets and checks itself."""

    def __init__(self, url: str, *, token: str = "", ca_file: str = "", seconds: float = SECONDS) -> None:
        self.revision = ""
        self._url = f"{url.rstrip('/')}/v1/data/{DECISION.replace('.', '/')}"
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._ca_file, self._seconds = ca_file, seconds
        self._client: httpx.AsyncClient | None = None

    async def decide(self, request: Mapping[str, Any]) -> Decision:
        import httpx

        try:
            answer = await self._opened().post(self._url, params={"provenance": "true"}, json={"input": dict(request)})
            answer.raise_for_status()
            told = answer.json()
        except (httpx.HTTPError, ValueError):
            raise PolicyError("The policy server did not answer.") from None
        if not isinstance(told, dict):
            raise PolicyError("The policy server did not answer.")
        decision = decision_of(told.get("result"), _revision(told))
        self.revision = decision.revision
        return decision

    def _opened(self) -> "httpx.AsyncClient":
        if self._client is None:
            import ssl

            import httpx

            verify = ssl.create_default_context(cafile=self._ca_file) if self._ca_file else True
            self._client = httpx.AsyncClient(
                verify=verify, timeout=self._seconds, headers=self._headers, trust_env=False, follow_redirects=False
            )
        return self._client


def _revision(told: Mapping[str, Any]) -> str:
    """Of the first bundle in the provenance; a server with loose files has none."""
    provenance = told.get("provenance")
    bundles = provenance.get("bundles") if isinstance(provenance, dict) else None
    for bundle in (bundles or {}).values() if isinstance(bundles, dict) else ():
        if isinstance(bundle, dict) and isinstance(bundle.get("revision"), str):
            return str(bundle["revision"])
    return "unknown"
