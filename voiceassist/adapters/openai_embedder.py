"""Vectors from an OpenAI-compatible server elsewhere.

Every text passes the gate, and every connection is opened by the transport, that whoever builds this hands over.

No proxy, no redirect: a text goes to the configured address and to no other. Errors are told without what was sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from voiceassist.core.errors import DependencyTimeoutError, ExternalApiError, UnavailableError
from voiceassist.ports.embedding import Model

if TYPE_CHECKING:
    import httpx2
    import numpy as np
    import openai
    from numpy.typing import NDArray

BATCH = 64
# The server counts tokens; three bytes a token are fewer than any English text has.
MAX_TOKENS = 8191
BYTES_PER_TOKEN = 3
BATCH_BYTES = 200_000

# What of the texts may be sent, in their order; raises when one of them must not leave.
Gate = Callable[[Sequence[str]], Sequence[str]]


class OpenAiEmbedder:
    def __init__(
        self,
        name: str,
        dimension: int,
        *,
        url: str,
        key: str,
        gate: Gate,
        transport: httpx2.BaseTransport,
        timeout_seconds: float = 20.0,
        retries: int = 2,
    ) -> None:
        self.model = Model(name, "", dimension, "remote", MAX_TOKENS, "remote")
        self.model_id = self.model.id
        self.dimension = dimension
        self._url = url
        self._key = key
        self._gate = gate
        self._transport = transport
        self._timeout = timeout_seconds
        self._retries = retries

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # All or nothing: what passes the gate is not sent while a later text is refused.
        texts = self._gate(texts)
        for rows in _batches(texts):
            vectors[rows] = self._send([texts[row] for row in rows])
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.embed_passages([text])[0]
        return vector

    def count_tokens(self, text: str) -> int:
        """An estimate: the pieces are the server's secret."""
        return -(-len(text.encode()) // BYTES_PER_TOKEN)

    def _send(self, texts: list[str]) -> NDArray[np.float32]:
        import openai

        try:
            # The size of a model that has several must be asked for; other servers refuse the question.
            several = self.model.name.startswith("text-embedding-3")
            answer = self._client.embeddings.create(
                model=self.model.name,
                input=[_cut(text) for text in texts],
                dimensions=self.dimension if several else openai.omit,
                encoding_format="float",
            )
        except openai.APITimeoutError:
            raise DependencyTimeoutError("The embedding server did not answer in time.") from None
        except (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError):
            raise UnavailableError("The embedding server is not available.", code="EMBEDDER_UNAVAILABLE") from None
        except (openai.OpenAIError, ValueError, TypeError):
            raise ExternalApiError("The embedding server refused the request.") from None
        return self._checked([(item.index, item.embedding) for item in answer.data or ()], len(texts))

    def _checked(self, items: list[tuple[int, list[float]]], count: int) -> NDArray[np.float32]:
        """Unit rows in the order asked; anything but one finite vector of the right size a text is refused."""
        import numpy as np

        ordered = [vector for _, vector in sorted(items, key=lambda item: item[0])]
        whole = [index for index, _ in sorted(items, key=lambda item: item[0])] == list(range(count))
        if not whole or any(len(vector) != self.dimension for vector in ordered):
            raise ExternalApiError("The embedding server answered with vectors of another number or size.")
        rows: NDArray[np.float32] = np.asarray(ordered, dtype=np.float32)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(rows).all() or not lengths.all():
            raise ExternalApiError("The embedding server answered with vectors that are no numbers.")
        rows /= lengths
        return rows

    @cached_property
    def _client(self) -> openai.OpenAI:
        import httpx2
        import openai

        # Its debug lines hold whole requests.
        logging.getLogger("openai").setLevel(logging.WARNING)
        timeout = httpx2.Timeout(self._timeout, connect=5.0)
        return openai.OpenAI(
            api_key=self._key or "none",
            base_url=self._url,
            timeout=timeout,
            max_retries=self._retries,
            http_client=httpx2.Client(
                transport=self._transport, timeout=timeout, trust_env=False, follow_redirects=False
            ),
        )


def _cut(text: str) -> str:
    return text.encode()[: MAX_TOKENS * BYTES_PER_TOKEN].decode(errors="ignore") or " "


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Row numbers in order, bounded in number and bytes."""
    rows: list[int] = []
    size = 0
    for row, text in enumerate(texts):
        if rows and (len(rows) == BATCH or size + len(text.encode()) > BATCH_BYTES):
            yield rows
            rows, size = [], 0
        rows.append(row)
        size += len(text.encode())
    if rows:
        yield rows
