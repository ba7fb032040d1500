"""Language models behind the OpenAI chat API: the cloud's, Ollama, vLLM, llama.cpp and others that speak it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from voiceassist.core.errors import UnavailableError
from voiceassist.ports.language import Prompt

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

CONNECT_SECONDS = 2.0


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
        import httpx2
        from openai import OpenAIError

        try:
            async with asyncio.timeout(self._seconds):
                stream = await self._opened().chat.completions.create(
                    model=self.model_id,
                    messages=[
                        {"role": "system", "content": prompt.system},
                        {"role": "user", "content": f"{prompt.material}\n\n{prompt.question}"},
                    ],
                    response_format=_format(prompt),
                    temperature=0,
                    max_tokens=prompt.longest,
                    stream=True,
                )
                ended = False
                async with stream:
                    async for chunk in stream:
                        for choice in chunk.choices[:1]:
                            ended = ended or choice.finish_reason is not None
                            if choice.delta and choice.delta.content:
                                yield choice.delta.content
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


def _format(prompt: Prompt) -> Any:
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": dict(prompt.schema)},
    }
