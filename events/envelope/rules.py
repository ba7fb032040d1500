"""The rules of CloudEvents 1.0.2 for one attribute: names, strings, URIs, times, values of extensions.

Every event of the house passes here on its way in, so the common case (printable ASCII) is decided first.
"""

import re
from datetime import date
from functools import lru_cache

from events.envelope.errors import EnvelopeError

Attribute = str | int | bool

REQUIRED = ("id", "source", "type")
CORE = frozenset({*REQUIRED, "specversion", "subject", "time", "datacontenttype", "dataschema"})
DATA = frozenset({"data", "data_base64"})

_INT32 = range(-(2**31), 2**31)
_NAME = re.compile(r"[a-z0-9]+\Z")
# Not allowed in any String attribute: control characters, lone surrogates, the noncharacters of every plane.
_LAST_TWO = "".join(chr(plane * 0x10000 + end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_FORBIDDEN = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_LAST_TWO}]")
_PLAIN = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]"
_URI_REFERENCE = re.compile(rf"(?=.){_PLAIN}*(?:%[0-9A-Fa-f]{{2}}{_PLAIN}*)*\Z")
_URI_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)\Z",
    re.ASCII,
)


def is_name(name: str) -> bool:
    return name in CORE or _NAME.match(name) is not None


def check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise EnvelopeError(name, "NOT_A_STRING")
    if not value:
        raise EnvelopeError(name, "EMPTY")
    _check_characters(name, value)


def _check_characters(name: str, value: str) -> None:
    if not (value.isascii() and value.isprintable()) and _FORBIDDEN.search(value):
        raise EnvelopeError(name, "FORBIDDEN_CHARACTER")


def check_source(value: object) -> None:
    if not (isinstance(value, str) and _URI_REFERENCE.match(value)):
        check_text("source", value)
        raise EnvelopeError("source", "NOT_A_URI_REFERENCE")


def check_schema(value: object) -> None:
    if not (isinstance(value, str) and _URI_SCHEME.match(value) and _URI_REFERENCE.match(value)):
        raise EnvelopeError("dataschema", "NOT_A_URI")


def check_content_type(value: object) -> None:
    check_text("datacontenttype", value)
    if not str(value).isascii():
        raise EnvelopeError("datacontenttype", "NOT_ASCII")  # it travels as a header, which has no escape for it


def check_time(value: object) -> None:
    match = _TIME.match(value) if isinstance(value, str) else None
    if match is None or not _is_day(match.group(1)):
        raise EnvelopeError("time", "NOT_RFC_3339")


@lru_cache(maxsize=64)
def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def check_extension(name: str, value: object) -> None:
    if not _NAME.match(name):
        raise EnvelopeError("", "BAD_ATTRIBUTE_NAME")
    if name in CORE or name == "data":
        raise EnvelopeError(name, "RESERVED_NAME")
    if isinstance(value, str):
        _check_characters(name, value)
    elif not isinstance(value, bool):
        if not isinstance(value, int):
            raise EnvelopeError(name, "NOT_A_SIMPLE_VALUE")
        if value not in _INT32:
            raise EnvelopeError(name, "OUT_OF_RANGE")
