"""The summary that is always there: the text's own sentences that are nearest to the whole of it."""

from voiceassist.core.text import sentences as split
from voiceassist.ports.embedding import Embedder
from voiceassist.ports.summarising import Summary

# Beyond this a text is a book; its beginning is summed up.
MOST_SENTENCES = 400


class ExtractiveSummariser:
    method = "extractive"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def summarise(self, text: str, *, sentences: int = 3) -> Summary:
        """Each sentence verbatim and in the order of the text; repeated ones once."""
        import numpy as np

        found = list(dict.fromkeys(split(text)))[:MOST_SENTENCES]
        if len(found) > sentences:
            vectors = self._embedder.embed_passages(found)
            nearness = vectors @ vectors.mean(axis=0)
            found = [found[row] for row in sorted(np.argsort(-nearness, kind="stable")[:sentences])]
        return Summary(" ".join(found), self.method, verbatim=True)
