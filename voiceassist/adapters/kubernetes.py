"""Triggers over the API of Kubernetes: in a cluster its API server, locally the broker, which speaks the same."""

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from voiceassist.core.errors import UnavailableError, ValidationError
from voiceassist.ports.triggers import API_VERSION, Kept

if TYPE_CHECKING:
    import httpx

FIELD_MANAGER = "voiceassist"
APPLY = "application/apply-patch+yaml"  # JSON is YAML
TIMEOUT = 5.0
NOT_FOUND, INVALID = 404, frozenset({400, 422})


class TriggerRefusedError(ValidationError):
    """The keeper of Triggers will not take this one. Its own words may quote what was sent and are left out."""

    code = "TRIGGER_REFUSED"


class KubernetesTriggers:
    """`bearer` gives the token of the moment; `ca_file` trusts a private authority."""

    def __init__(self, url: str, namespace: str, *, bearer: Callable[[], str], ca_file: str = "") -> None:
        self._url = f"{url.rstrip('/')}/apis/{API_VERSION}/namespaces/{quote(namespace, safe='')}/triggers"
        self._bearer = bearer
        self._ca_file = ca_file
        self._client: httpx.AsyncClient | None = None

    async def apply(self, trigger: Mapping[str, Any]) -> Kept:
        answer = await self._ask(
            "PATCH",
            f"/{quote(trigger['metadata']['name'], safe='')}",
            params={"fieldManager": FIELD_MANAGER, "force": "true"},
            headers={"content-type": APPLY},
            json=trigger,
        )
        if answer.status_code in INVALID:
            raise TriggerRefusedError("The filters cannot be used.")
        return _kept(_good(answer))

    async def get(self, name: str) -> Kept | None:
        answer = await self._ask("GET", f"/{quote(name, safe='')}")
        return None if answer.status_code == NOT_FOUND else _kept(_good(answer))

    async def listed(self) -> list[Kept]:
        return [_kept(item) for item in _good(await self._ask("GET", ""))["items"]]

    async def delete(self, name: str) -> None:
        answer = await self._ask("DELETE", f"/{quote(name, safe='')}")
        if answer.status_code != NOT_FOUND:
            _good(answer)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> Any:
        import httpx

        if self._client is None:
            verify = ssl.create_default_context(cafile=self._ca_file) if self._ca_file else True
            self._client = httpx.AsyncClient(verify=verify, timeout=TIMEOUT, trust_env=False)
        try:
            identity = {"authorization": f"Bearer {self._bearer()}"}
            return await self._client.request(
                method, self._url + path, headers=identity | dict(headers or {}), **options
            )
        except (httpx.TransportError, OSError):
            raise UnavailableError("The keeper of Triggers does not answer.", code="TRIGGERS_UNAVAILABLE") from None


def _good(answer: "httpx.Response") -> Any:
    """The object of an answer; anything else means that this is no keeper of Triggers, or not ours."""
    try:
        found = answer.json() if answer.is_success else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UnavailableError("The keeper of Triggers refused.", code="TRIGGERS_UNAVAILABLE")
    return found


def _kept(item: Mapping[str, Any]) -> Kept:
    conditions: list[dict[str, Any]] = (item.get("status") or {}).get("conditions") or []
    found = next((one for one in conditions if one.get("type") == "Ready"), {})
    return Kept(
        name=str(item["metadata"]["name"]),
        ready={"True": True, "False": False}.get(str(found.get("status"))),
        reason=str(found.get("reason", "")),
        annotations=dict(item["metadata"].get("annotations") or {}),
    )
