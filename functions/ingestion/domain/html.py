"""HTML into blocks, with the standard library's parser; scripts and page furniture are left out."""

from html.parser import HTMLParser

from functions.ingestion.domain.blocks import Block, Extracted
from functions.ingestion.domain.plain import decoded

_SKIPPED = frozenset({"script", "style", "nav", "footer", "aside", "template", "noscript", "svg", "form", "head"})
_BREAKS = frozenset(
    {"p", "div", "li", "ul", "ol", "br", "tr", "table", "section", "article", "main", "blockquote", "pre", "dd", "dt"}
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# Nobody nests meaning this deep; a hostile page might.
_DEEPEST = 200


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._text: list[str] = []
        self._level = 0
        self._skipping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's signature
        if tag in _SKIPPED and len(self._skipping) < _DEEPEST:
            self._skipping.append(tag)
        elif tag in _HEADINGS:
            self.flush()
            self._level = _HEADINGS[tag]
        elif tag in _BREAKS:
            self.flush()
        elif tag in {"td", "th"} and self._text:
            self._text.append(" | ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipping:
            while self._skipping.pop() != tag:
                pass
        elif tag in _HEADINGS or tag in _BREAKS:
            self.flush()

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._text.append(data)

    def flush(self) -> None:
        text = " ".join("".join(self._text).split())
        if text.strip(" |"):
            self.blocks.append(Block(text, level=self._level))
        self._text.clear()
        self._level = 0


def html(data: bytes) -> Extracted:
    reader = _Reader()
    reader.feed(decoded(data))
    reader.close()
    reader.flush()
    return Extracted(tuple(reader.blocks))
