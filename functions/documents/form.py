"""The multipart form of an upload, read piece by piece (RFC 7578)."""

from dataclasses import dataclass, field
from typing import Any

from functions.documents.domain import clean_name
from voiceassist.core.errors import PayloadTooLargeError, UnsupportedFormatError, ValidationError

MAX_FIELD_BYTES = 4_096
MAX_HEADER_BYTES = 16_384
FILE = "file"
FIELDS = frozenset({"title", "visibility", "doc_key", "source", "year"})


@dataclass(slots=True)
class UploadForm:
    """One file in the field `file`, beside it the FIELDS; `file` is emptied by whoever reads on."""

    file: bytearray = field(default_factory=bytearray)
    file_name: str | None = None
    complete: bool = False
    _fields: dict[str, bytearray] = field(default_factory=dict)
    _target: bytearray = field(default_factory=bytearray)
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""

    def text(self, name: str) -> str:
        return bytes(self._fields.get(name, b"")).decode("utf-8", "replace").strip()

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._collect(self._header, data[start:end]),
            "on_header_value": lambda data, start, end: self._collect(self._value, data[start:end]),
            "on_header_end": self._header_ended,
            "on_headers_finished": self._headers_ended,
            "on_part_data": lambda data, start, end: self._data(data[start:end]),
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition = b""

    def _collect(self, buffer: bytearray, data: bytes) -> None:
        buffer += data
        if len(buffer) > MAX_HEADER_BYTES:
            raise PayloadTooLargeError("A header of the form is too long.")

    def _header_ended(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_ended(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            self._target = self._open_file(name, options[b"filename"].decode("utf-8", "replace"))
        elif name in FIELDS and name not in self._fields:
            self._target = self._fields.setdefault(name, bytearray())
        else:
            raise ValidationError("The form has an unknown or repeated field.", code="UNKNOWN_FIELD")

    def _open_file(self, name: str, file_name: str) -> bytearray:
        if name != FILE or self.file_name is not None:
            raise ValidationError("One file is expected, in the field `file`.", code="ONE_FILE_EXPECTED")
        self.file_name = clean_name(file_name)
        return self.file

    def _data(self, data: bytes) -> None:
        self._target += data
        if self._target is not self.file and len(self._target) > MAX_FIELD_BYTES:
            raise PayloadTooLargeError("A field of the form is too long.")

    def _end(self) -> None:
        self.complete = True


def parser_for(content_type: str, form: UploadForm) -> Any:
    """A push parser that fills `form`: write(data) as data comes, then finalize()."""
    from python_multipart import MultipartParser
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(content_type)
    if kind.lower() != b"multipart/form-data":
        raise UnsupportedFormatError("A multipart form is expected.")
    boundary = options.get(b"boundary", b"")
    if not boundary or len(boundary) > 70:
        raise ValidationError("The form has no usable boundary.", code="BROKEN_FORM")
    return MultipartParser(boundary, form.callbacks())
