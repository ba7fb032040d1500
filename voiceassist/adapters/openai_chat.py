"""Language models behind the OpenAI chat API: the cloud's, Ollama, vLLM, llama.cpp and others that speak it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from voiceassist.core.errors import UnavailableError
from voiceassist.ports.language import Chat, Message, Prompt, ToolCall, ToolOutput

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

CONNECT_SECONDS = 2.0
LONGEST_ARGUMENTS = 20_000

_Part = tuple[int, str, str, str]  # a call's index and id, and what has come of its name and arguments
_Delta = tuple[str, list[_Part]]


def preload() -> None:
    """Imports the client, which takes a second or two that the first question should not wait for."""
    import httpx2  # noqa: F401
    import openai  # noqa: F401


class ModelFailedError(UnavailableError):
    code = "LANGUAGE_MODEL_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("The language model did not answer.")


class OpenAiChat:
    """One model at one address. It never tries again by itself, follows no redirect and knows no proxy.

    `transport` opens the connections: the caller decides where to.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str,
        seconds: float,
        transport: "httpx2.AsyncBaseTransport",
        stays_inside: bool,
    ) -> None:
        self.model_id = model
        self.stays_inside = stays_inside
        self._base_url = base_url
        self._api_key = api_key
        self._seconds = seconds
        self._transport = transport
        self._client: AsyncOpenAI | None = None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Ends when the model ends or `seconds` are over; a deadline is a failure like any other."""
        request = {
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": f"{prompt.material}\n\n{prompt.question}"},
            ],
            "response_format": _format(prompt),
            "max_tokens": prompt.longest,
        }
        async with aclosing(self._deltas(request)) as deltas:
            async for content, _ in deltas:
                if content:
                    yield content

    async def converse(self, chat: Chat) -> AsyncGenerator[str | ToolCall, None]:
        """As `stream`; a call is given when the model has ended, since only then its arguments are whole."""
        calls: dict[int, list[str]] = {}
        async with aclosing(self._deltas(_request(chat))) as deltas:
            async for content, parts in deltas:
                if content:
                    yield content
                for index, call_id, name, arguments in parts:
                    call = calls.setdefault(index, ["", "", ""])
                    call[0] = call_id or call[0]
                    call[1] += name
                    call[2] += arguments
        for call_id, name, arguments in calls.values():
            if not call_id or not name or len(arguments) > LONGEST_ARGUMENTS:
                raise ModelFailedError
            yield ToolCall(call_id, name, arguments)

    async def _deltas(self, request: dict[str, Any]) -> AsyncGenerator[_Delta, None]:
        """Read in here, where whatever has another shape is a failure of the model."""
        import httpx2
        from openai import OpenAIError

        try:
            async with asyncio.timeout(self._seconds):
                stream = await self._opened().chat.completions.create(
                    model=self.model_id, temperature=0, stream=True, **request
                )
                ended = False
                async with stream:
                    async for chunk in stream:
                        for choice in chunk.choices[:1]:
                            ended = ended or choice.finish_reason is not None
                            if choice.delta:
                                yield _text(choice.delta.content), [_part(one) for one in choice.delta.tool_calls or ()]
                if not ended:  # the connection closed in the middle, which looks like an end
                    raise ModelFailedError
        except (OpenAIError, httpx2.HTTPError, httpx2.StreamError, TimeoutError, OSError):
            raise ModelFailedError from None
        except (ValueError, TypeError, AttributeError):  # what came is no JSON, or JSON of another shape
            raise ModelFailedError from None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _opened(self) -> "AsyncOpenAI":
        if self._client is None:
            import httpx2
            from openai import AsyncOpenAI

            self._client = AsyncOpenAI(
                base_url=self._base_url,
                api_key=self._api_key or "none",  # local servers ask for no key, the client does
                max_retries=0,
                timeout=httpx2.Timeout(self._seconds, connect=CONNECT_SECONDS),
                http_client=httpx2.AsyncClient(transport=self._transport, trust_env=False, follow_redirects=False),
            )
        return self._client


def _text(value: Any) -> str:
    """Raises TypeError; the client's own types promise more than it checks."""
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value or ""


def _part(call: Any) -> _Part:
    function = call.function
    told = (_text(function.name), _text(function.arguments)) if function else ("", "")
    return (int(call.index), _text(call.id), *told)


def _format(prompt: Prompt) -> Any:
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": dict(prompt.schema)},
    }


def _request(chat: Chat) -> dict[str, Any]:
    request: dict[str, Any] = {
        "messages": [{"role": "system", "content": chat.system}, *map(_message, chat.messages)],
        "max_tokens": chat.longest,
    }
    if chat.tools:
        request["tools"] = [
            {
                "type": "function",
                "function": {"name": one.name, "description": one.description, "parameters": dict(one.parameters)},
            }
            for one in chat.tools
        ]
        named = chat.choice not in {"auto", "none", "required"}
        request["tool_choice"] = {"type": "function", "function": {"name": chat.choice}} if named else chat.choice
    return request


def _message(one: Message | ToolCall | ToolOutput) -> dict[str, Any]:
    match one:
        case Message():
            return {"role": one.role, "content": one.text}
        case ToolCall():
            function = {"name": one.name, "arguments": one.arguments}
            calls = [{"id": one.call_id, "type": "function", "function": function}]
            return {"role": "assistant", "content": None, "tool_calls": calls}
        case ToolOutput():
            return {"role": "tool", "tool_call_id": one.call_id, "content": one.text}
