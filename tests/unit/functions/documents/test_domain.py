"""Telling formats by content, cleaning names."""

import io
import zipfile

import pytest

from functions.documents.domain import clean_name, sniffed, title_of
from voiceassist.core.errors import UnsupportedFormatError, ValidationError

pytestmark = pytest.mark.req("P5.1")


def word() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("[Content_Types].xml", "<x/>")
        package.writestr("word/document.xml", "<x/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("start", "name", "expected"),
    [
        (b"%PDF-1.7\n...", "a.txt", "pdf"),
        (b"\xef\xbb\xbf\n%PDF-1.4", "a", "pdf"),
        (word(), "a.bin", "docx"),
        (b"<!DOCTYPE html><p>x", "a.pdf", "html"),
        (b"  <html lang=en>", "a", "html"),
        (b"# Title", "a.MD", "md"),
        (b"# Title", "a.txt", "txt"),
        ("Ménière".encode("cp1252"), "a.txt", "txt"),
        ("x".encode("utf-16"), "a.txt", "txt"),
    ],
)
def test_content_decides_the_format(start, name, expected):
    assert sniffed(start, name) == expected


@pytest.mark.parametrize("start", [b"PK\x03\x04xl/workbook.xml", b"\x89PNG\r\n\x1a\n\0\0", b"MZ\x90\0", b"\x7fELF\x02"])
def test_other_formats_are_refused(start):
    with pytest.raises(UnsupportedFormatError):
        sniffed(start, "a.pdf")


def test_an_empty_file_is_refused():
    with pytest.raises(ValidationError) as caught:
        sniffed(b"", "a.pdf")
    assert caught.value.code == "FILE_EMPTY"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\guide.pdf", "guide.pdf"),
        ("a\x00\nb.pdf", "ab.pdf"),
        ("", "document"),
        ("dir/", "document"),
        ("x" * 300, "x" * 200),
    ],
)
def test_names_lose_paths_and_control_characters(name, expected):
    assert clean_name(name) == expected


def test_titles_come_from_the_uploader_or_the_name():
    assert title_of("  My   guide ", "x.pdf") == "My guide"
    assert title_of("", "ward_handbook-2024.pdf") == "ward handbook 2024"
    assert title_of("", "README") == "README"
    assert title_of("", ".pdf") == "Document"


def test_a_title_holds_nothing_that_no_database_takes():
    assert title_of("War\x00farin\u2028 and\ud800 \x1bINR", "a.pdf") == "War farin and INR"
