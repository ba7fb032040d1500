"""docs/reference/events.md says what the catalogue says."""

from events.catalog import EVENT_TYPES, DocumentDeleted, DocumentUploaded, Ping, schema
from events.schemas import page


def test_the_page_is_current():
    assert page.PLACE.read_text() == page.render(), "run: python -m events.schemas"


def test_every_type_and_every_field_is_on_the_page():
    sections = page.render().split("\n## ")[1:]
    assert [section.splitlines()[0] for section in sections] == sorted(EVENT_TYPES)
    for section in sections:
        fields = schema(section.splitlines()[0])["properties"]
        assert [name for name in fields if f"| `{name}` |" not in section] == []


def test_it_is_written_where_documents_are_only(tmp_path):
    page.write(tmp_path / "gone/events.md")
    assert list(tmp_path.iterdir()) == []
    page.write(tmp_path / "events.md")
    assert (tmp_path / "events.md").read_text() == page.render()


def test_speakers_inside_and_outside_are_told_apart():
    said = {section.splitlines()[0]: section for section in page.render().split("\n## ")[1:]}
    assert "Said by: [documents](rooms/documents.md) or somebody outside the house." in said[DocumentUploaded.TYPE]
    assert "Said by: [documents](rooms/documents.md). Heard" in said[DocumentDeleted.TYPE]
    assert "Said by: somebody outside the house. Heard by: [audit](rooms/audit.md), " in said[Ping.TYPE]
