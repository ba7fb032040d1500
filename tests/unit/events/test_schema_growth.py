"""P3.6: a published schema only grows, and what would take away is not written."""

import copy
import json
import runpy

import pytest

from events import schemas
from events.catalog import DocumentUploaded, schema
from events.schemas import page
from events.schemas.growth import ShrunkError, losses

OLD = schema(DocumentUploaded.TYPE)
ID = {"type": "string", "format": "uuid"}
FILE = f"{DocumentUploaded.TYPE}.json"


@pytest.mark.req("P3.6")
def test_every_published_schema_is_still_kept():
    for path in schemas.FOLDER.glob("*.json"):
        assert list(losses(json.loads(path.read_text()), schema(path.stem))) == [], path.stem


def changed(**fields):
    """The schema of an upload with other fields; None takes one away."""
    new = copy.deepcopy(OLD)
    for name, field in fields.items():
        new["properties"][name] = field
        if field is None:
            del new["properties"][name]
            new["required"].remove(name)
    return new


@pytest.mark.parametrize(
    ("new", "lost"),
    [
        (changed(size_bytes=None), "/size_bytes is gone"),
        (changed(size_bytes={"type": "string"}), "/size_bytes has another type"),
        (changed(size_bytes={"type": "integer", "minimum": 1}), "/size_bytes has another minimum"),
        (changed(size_bytes={"type": "integer", "minimum": 0, "maximum": 9}), "/size_bytes has another maximum"),
        (changed(format={"enum": ["docx", "html", "md", "pdf"]}), "/format has another enum"),
        (changed(content_hash={"type": "string", "pattern": "^x$"}), "/content_hash has another pattern"),
        (changed(document_id=ID | {"maxLength": 36}), "/document_id has another maxLength"),
        (changed(owner_id={"anyOf": [ID, {"type": "null"}]}), "/owner_id has another anyOf"),
        (changed() | {"required": [*OLD["required"], "pages"]}, "/pages is required now"),
        (changed() | {"required": OLD["required"][1:]}, f"/{OLD['required'][0]} may be missing now"),
        (changed() | {"additionalProperties": True}, "/ has another additionalProperties"),
    ],
)
def test_what_takes_away_is_found(new, lost):
    assert lost in list(losses(OLD, new))


@pytest.mark.parametrize(
    "new",
    [
        changed(pages={"type": "integer", "minimum": 0, "default": 0}),
        changed(format={"description": "what it is", "enum": ["docx", "html", "md", "pdf", "txt", "odt"]}),
        changed(size_bytes={"type": "integer", "minimum": -1}),
        changed(content_hash={"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "other words"}),
    ],
)
def test_what_only_adds_passes(new):
    assert list(losses(OLD, new)) == []


def test_a_refusal_writes_nothing(tmp_path):
    schemas.write(tmp_path)
    more = json.dumps(changed(reviewed={"type": "boolean"}) | {"required": [*OLD["required"], "reviewed"]})
    (tmp_path / FILE).write_text(more)
    (tmp_path / "org.voiceassist.gone.forever.v1.json").write_text("{}")
    with pytest.raises(ShrunkError) as refusal:
        schemas.write(tmp_path)
    assert str(refusal.value) == (
        f"{DocumentUploaded.TYPE} would break those who rely on it (/reviewed is gone): publish a next version."
    )
    assert (tmp_path / FILE).read_text() == more
    assert (tmp_path / "org.voiceassist.gone.forever.v1.json").exists()


def test_the_command_says_one_sentence_and_fails(monkeypatch):
    def refuse():
        raise ShrunkError("one sentence.")

    written = []
    monkeypatch.setattr(schemas, "write", refuse)
    monkeypatch.setattr(page, "write", lambda: written.append("page"))
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("events.schemas")
    assert (ended.value.code, written) == ("one sentence.", [])
