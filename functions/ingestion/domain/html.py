"""HTML into blocks, with the standard library's parser; scripts and page furniture are left out, tables kept by row."""

from html.parser import HTMLParser

from functions.ingestion.domain import dates
from functions.ingestion.domain.blocks import Block, Extracted
from functions.ingestion.domain.plain import decoded

_SKIPPED = frozenset({"script", "style", "nav", "footer", "aside", "template", "noscript", "svg", "form", "head"})
_BREAKS = frozenset(
    {"p", "div", "li", "ul", "ol", "br", "tr", "table", "section", "article", "main", "blockquote", "pre", "dd", "dt"}
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# What publishers write in a page's head: Highwire (Google Scholar), Dublin Core, Open Graph.
_DATES = ("citation_publication_date", "citation_date", "dc.date", "dcterms.issued", "article:published_time")
_PUBLISHERS = ("citation_publisher", "dc.publisher", "og:site_name")
# Nobody nests meaning this deep; a hostile page might.
_DEEPEST = 200


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._text: list[str] = []
        self._level = 0
        self._skipping: list[str] = []
        self._tables = 0  # how many are open around this place
        self._rows: list[str] = []
        self.meta: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            told = {name: value or "" for name, value in attrs}
            self.meta.setdefault((told.get("name") or told.get("property") or "").lower(), told.get("content", ""))
        if tag in _SKIPPED and len(self._skipping) < _DEEPEST:
            self._skipping.append(tag)
        elif tag in _HEADINGS:
            self.flush()
            self._level = _HEADINGS[tag]
        elif tag == "table":
            if not self._tables:
                self.flush()
            self._tables += 1
        elif self._tables:
            self._in_table(tag)
        elif tag in _BREAKS:
            self.flush()

    def _in_table(self, tag: str) -> None:
        """A table inside a table becomes rows of the outer one; breaks inside a cell are spaces."""
        if tag == "tr":
            self._end_row()
        elif tag in {"td", "th"} and self._text:
            self._text.append(" | ")
        elif tag in _BREAKS:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipping:
            while self._skipping.pop() != tag:
                pass
        elif tag == "table" and self._tables:
            self._tables -= 1
            if not self._tables:
                self._end_table()
        elif self._tables:
            return
        elif tag in _HEADINGS or tag in _BREAKS:
            self.flush()

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._text.append(data.replace("|", "/") if self._tables else data)

    def _end_row(self) -> None:
        text = " ".join("".join(self._text).split())
        if text.strip(" |"):
            self._rows.append(text)
        self._text.clear()

    def _end_table(self) -> None:
        self._end_row()
        if self._rows:
            self.blocks.append(Block("\n".join(self._rows), table=len(self._rows) > 1))
        self._rows = []

    def finish(self) -> None:
        """A file may end inside a table."""
        if self._tables:
            self._end_table()
        self.flush()

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
    reader.finish()
    when = next((reader.meta[name] for name in _DATES if name in reader.meta), "")
    publisher = next((reader.meta[name] for name in _PUBLISHERS if name in reader.meta), "")
    return Extracted(tuple(reader.blocks), source=dates.named(publisher), year=dates.year(when))
