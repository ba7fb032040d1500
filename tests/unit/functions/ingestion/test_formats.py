"""Every format into headings and paragraphs, and every bad file into its code."""

import contextlib
import io
import zipfile
from datetime import UTC, datetime

import pytest
from docx import Document
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen import canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from functions.ingestion.domain import blocks as codes
from functions.ingestion.domain.blocks import Block, DocumentError
from functions.ingestion.domain.chunking import chunked
from functions.ingestion.domain.extraction import extract, storable
from functions.ingestion.domain.lines import Line

pytestmark = pytest.mark.req("P5.1")

FILLER = "Routine ward matters are described here in an ordinary sentence of some length."


def pdf(pages: list[list[str]], *, running: bool = True, heading: str | None = "Chapter {n}") -> bytes:
    """A4 pages with a running header, a page number, a larger heading and body lines."""
    buffer = io.BytesIO()
    page = canvas.Canvas(buffer, pagesize=A4)
    for number, lines in enumerate(pages, start=1):
        if running:
            page.setFont("Helvetica", 8)
            page.drawString(50, 820, "Ward handbook of anticoagulation")
            page.drawString(280, 20, f"Page {number} of {len(pages)}")
        if heading:
            page.setFont("Helvetica-Bold", 16)
            page.drawString(50, 780, heading.format(n=number))
        text = page.beginText(50, 750)
        text.setFont("Helvetica", 11)
        for line in lines:
            text.textLine(line)
        page.drawText(text)
        page.showPage()
    page.save()
    return buffer.getvalue()


def read(data: bytes, kind: str):
    return extract(io.BytesIO(data), kind)


def code_of(data: bytes, kind: str) -> str:
    with pytest.raises(DocumentError) as caught:
        read(data, kind)
    return caught.value.code


def test_pdf_pages_are_exact_and_running_lines_are_gone():
    pages = [[FILLER, f"The marker of page {number} is M{number}X.", FILLER] for number in range(1, 21)]
    found = read(pdf(pages), "pdf")
    assert found.pages == 20
    whole = " ".join(block.text for block in found.blocks)
    assert "Ward handbook" not in whole
    assert "Page 7 of 20" not in whole
    for number in range(1, 21):
        (page,) = {block.page for block in found.blocks if f"M{number}X" in block.text}
        assert page == number


def test_pdf_headings_are_told_by_their_size():
    found = read(pdf([[FILLER] * 5, [FILLER] * 5, [FILLER] * 5]), "pdf")
    assert [block.text for block in found.blocks if block.level] == ["Chapter 1", "Chapter 2", "Chapter 3"]
    assert {piece.heading for piece in chunked(found.blocks)} == {"Chapter 1", "Chapter 2", "Chapter 3"}


def test_pdf_words_cut_at_the_margin_become_whole():
    lines = [
        "The thrombocytopenia was severe and the low-dose regimen was kept. The thrombocyto-",
        "penia and the low-",
    ]
    found = read(pdf([[*lines, "dose regimen ended."]], running=False, heading=None), "pdf")
    text = found.blocks[0].text
    assert text.count("thrombocytopenia") == 2
    assert text.count("low-dose") == 2


def test_pdf_a_sentence_over_the_page_border_belongs_to_the_page_where_it_starts():
    found = read(
        pdf([[FILLER, "The infusion is continued until the"], ["heart rate is below ninety. Then it ends."]],
            running=False, heading=None),
        "pdf",
    )  # fmt: skip
    assert "until the heart rate is below ninety." in found.blocks[0].text
    assert [block.page for block in found.blocks] == [1, 2]
    assert found.blocks[1].text == "Then it ends."


def test_pdf_lines_that_recur_inside_pages_are_kept():
    pages = [["Give 5 mg now."] * 8 for _ in range(5)]
    found = read(pdf(pages, running=False, heading=None), "pdf")
    assert sum(block.text.count("Give 5 mg now.") for block in found.blocks) == 40


def test_pdf_with_a_password_is_refused_and_one_without_is_read():
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([[FILLER]]))))
    writer.encrypt("secret", algorithm="AES-256")
    locked = io.BytesIO()
    writer.write(locked)
    assert code_of(locked.getvalue(), "pdf") == codes.ENCRYPTED
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([[FILLER]]))))
    writer.encrypt("", owner_password="owner", algorithm="AES-256")
    restricted = io.BytesIO()
    writer.write(restricted)
    assert any(FILLER in block.text for block in read(restricted.getvalue(), "pdf").blocks)


def test_pdf_of_pictures_is_refused_where_nobody_recognises_them():
    pictures = pdf([[], []], running=False, heading=None)
    assert code_of(pictures, "pdf") == codes.SCANNED_NO_OCR
    with pytest.raises(DocumentError) as caught:
        extract(io.BytesIO(pictures), "pdf", recognise=lambda _file, _number: [])
    assert caught.value.code == codes.SCANNED


def test_pdf_pages_without_text_are_recognised_and_the_others_read():
    asked = []

    def recognise(_file, number):
        asked.append(number)
        return [Line("Heparin is stopped.", y=-10.0)]

    data = pdf([[FILLER], [], [FILLER]], running=False, heading=None)
    found = extract(io.BytesIO(data), "pdf", recognise=recognise)
    assert (asked, found.notes) == ([2], (codes.OCR,))
    assert [(block.page, block.text) for block in found.blocks] == [
        (1, FILLER), (2, "Heparin is stopped."), (3, FILLER),
    ]  # fmt: skip
    assert read(data, "pdf").notes == (codes.PICTURES_SKIPPED,)


def platypus(*flowables) -> bytes:
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer, pagesize=A4).build(list(flowables))
    return buffer.getvalue()


DOSES = [
    ["Drug", "Usual dose", "Renal dose"],
    ["Apixaban", "5 mg twice daily", "2.5 mg twice daily"],
    ["Rivaroxaban", "20 mg once daily\nwith food", "15 mg once daily"],
    ["Edoxaban", "60 mg once daily", ""],
]


def test_pdf_tables_keep_their_rows():
    style = getSampleStyleSheet()["Normal"]
    found = read(platypus(Paragraph(FILLER, style), Table(DOSES), Paragraph(FILLER, style)), "pdf")
    assert [block.table for block in found.blocks] == [False, True, False]
    assert found.blocks[1] == Block(
        "Drug | Usual dose | Renal dose\n"
        "Apixaban | 5 mg twice daily | 2.5 mg twice daily\n"
        "Rivaroxaban | 20 mg once daily with food | 15 mg once daily\n"
        "Edoxaban | 60 mg once daily | ",
        page=1,
        table=True,
    )


def test_pdf_prose_in_two_columns_is_no_table():
    buffer = io.BytesIO()
    page = canvas.Canvas(buffer, pagesize=A4)
    for number in range(12):
        page.drawString(50, 780 - 14 * number, f"Left line {number} of the prose goes on in the next line of it")
        page.drawString(320, 780 - 14 * number, f"Right line {number} of the prose goes on in the next line of it")
    page.showPage()
    page.save()
    assert not any(block.table for block in read(buffer.getvalue(), "pdf").blocks)


@pytest.mark.parametrize("mark", ["•", "{n}.", "({n})"])
def test_pdf_lists_are_no_tables(mark):
    buffer = io.BytesIO()
    page = canvas.Canvas(buffer, pagesize=A4)
    for number in range(8):
        page.drawString(50, 780 - 14 * number, mark.format(n=number))
        page.drawString(70, 780 - 14 * number, f"Item {number} of the list")
    page.showPage()
    page.save()
    assert not any(block.table for block in read(buffer.getvalue(), "pdf").blocks)


def test_a_long_table_is_cut_between_rows_and_each_part_has_the_header():
    rows = [["Drug", "Dose", "Remark"]] + [[f"Drug {n}", f"{n} mg", "Renal function is checked"] for n in range(130)]
    found = read(platypus(Table(rows, repeatRows=1)), "pdf")
    pieces = chunked(found.blocks, target=200)
    assert len(pieces) > 5
    for piece in pieces:
        head, *body = piece.text.split("\n")
        assert head == "Drug | Dose | Remark"
        assert all(line.count(" | ") == 2 for line in body)
    lines = [line for piece in pieces for line in piece.text.split("\n")]
    assert [lines.count(f"Drug {n} | {n} mg | Renal function is checked") for n in range(130)] == [1] * 130


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
def test_a_cut_pdf_is_refused_or_read_in_part_but_never_escapes(keep):
    whole = pdf([[FILLER] * 20] * 3)
    with contextlib.suppress(DocumentError):
        read(whole[: int(len(whole) * keep)], "pdf")


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + b"\0" * 500, b"%PDF-1.4\ntrailer<</Root 1 0 R>>"])
def test_what_only_claims_to_be_pdf_is_refused(data):
    assert code_of(data, "pdf") in {codes.BROKEN, codes.EMPTY}


def word(build) -> bytes:
    document = Document()
    build(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_docx_headings_paragraphs_and_tables():
    def build(document):
        document.add_heading("Anticoagulation", level=1)
        document.add_paragraph("Apixaban is given twice daily.")
        table = document.add_table(rows=2, cols=2)
        for row, cells in enumerate((("Drug", "Dose"), ("Apixaban", "5 mg"))):
            for column, text in enumerate(cells):
                table.cell(row, column).text = text
        document.add_heading("Reversal", level=2)
        document.add_paragraph("Andexanet alfa reverses it.")

    found = read(word(build), "docx")
    assert found.blocks == (
        Block("Anticoagulation", level=1),
        Block("Apixaban is given twice daily."),
        Block("Drug | Dose\nApixaban | 5 mg", table=True),
        Block("Reversal", level=2),
        Block("Andexanet alfa reverses it."),
    )
    assert found.pages is None


def test_docx_broken_empty_and_bomb():
    assert code_of(b"PK\x03\x04 not a zip", "docx") == codes.BROKEN
    assert code_of(word(lambda _document: None), "docx") == codes.EMPTY
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as package:
        package.writestr("word/nothing.xml", "<x/>")
    assert code_of(other.getvalue(), "docx") == codes.BROKEN
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b"0" * 60_000_000)
    assert code_of(bomb.getvalue(), "docx") == codes.TOO_LARGE


def test_html_keeps_content_and_drops_scripts_and_furniture():
    page = b"""<!doctype html><html><head><title>x</title><script>evil()</script></head><body>
    <nav>Home</nav><h1>Sepsis</h1><p>Give <b>antibiotics</b>&nbsp;early.</p><ul><li>One</li><li>Two</li></ul>
    <table><tr><th>Drug</th><th>Dose</th></tr><tr><td>A</td><td>1 g</td></tr></table>
    <style>p{}</style><footer>imprint</footer></body></html>"""
    assert read(page, "html").blocks == (
        Block("Sepsis", level=1),
        Block("Give antibiotics early."),
        Block("One"),
        Block("Two"),
        Block("Drug | Dose\nA | 1 g", table=True),
    )


def test_html_tables_that_are_nested_broken_or_hold_paragraphs():
    nested = b"<html><table><tr><td><p>A</p><p>b</p></td><td>x|y<table><tr><td>in</td></tr></table></td></tr><tr><td>B"
    assert read(nested, "html").blocks == (Block("A b | x/y\nin\nB", table=True),)


def test_publisher_and_year_where_the_file_says_them():
    page = (
        b"<html><head><meta name='citation_publication_date' content='2021/05/03'>"
        b"<meta name='DC.Publisher' content='Ward council'></head><p>Text.</p>"
    )
    assert (read(page, "html").source, read(page, "html").year) == ("Ward council", 2021)
    note = b'---\npublisher: "Ward council"\ndate: 2019-04-01\n---\n# T\n\nText.\n'
    assert (read(note, "md").source, read(note, "md").year) == ("Ward council", 2019)
    assert (read(b"# T\n\nyear: 1999\n", "md").year, read(page.replace(b"2021", b"21"), "html").year) == (None, None)


def test_pdf_year_is_that_of_publication_and_never_when_the_file_was_made():
    from pypdf.xmp import XmpInformation

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([[FILLER]]))))
    assert read(pdf([[FILLER]]), "pdf").year is None
    metadata = XmpInformation.create()
    metadata.dc_date = [datetime(2018, 6, 1, tzinfo=UTC)]
    metadata.dc_publisher = ["Ward council"]
    writer.xmp_metadata = metadata
    out = io.BytesIO()
    writer.write(out)
    assert (read(out.getvalue(), "pdf").source, read(out.getvalue(), "pdf").year) == ("Ward council", 2018)


def test_markdown_headings_lists_links_and_marks():
    text = (
        b"---\nid: x\n---\n# Gout\n\nAllopurinol is **first** line, see [the guideline](http://example.org).\n\n"
        b"| Drug | Dose |\n|---|---|\n| A | 1 g |\n\n- one\n- two\n\nFlare\n-----\nColchicine helps.\n"
    )
    assert read(text, "md").blocks == (
        Block("Gout", level=1),
        Block("Allopurinol is first line, see the guideline."),
        Block("Drug | Dose\nA | 1 g", table=True),
        Block("- one\n- two"),
        Block("Flare", level=2),
        Block("Colchicine helps."),
    )


def test_text_paragraphs_headings_and_encodings():
    text = "ANTICOAGULATION\n\nWarfarin is given\nonce daily.\n\n2.1 Reversal\n\nVitamin K for Ménière."
    expected = (
        Block("ANTICOAGULATION", level=2),
        Block("Warfarin is given once daily."),
        Block("2.1 Reversal", level=2),
        Block("Vitamin K for Ménière."),
    )
    for encoding in ("utf-8", "utf-16", "cp1252", "utf-8-sig"):
        assert read(text.encode(encoding), "txt").blocks == expected


def test_characters_that_no_database_takes_are_left_out():
    late = b"Warfarin. " * 1000 + b"INR\x00 is checked."  # behind the part in which a NUL means that it is no text
    assert read(late, "txt").blocks[-1].text.endswith("INR is checked.")
    assert storable("a\x00b\ud800c") == "abc"


def test_text_without_text_and_unknown_formats_are_refused():
    assert code_of(b"   \n\n ", "txt") == codes.EMPTY
    assert code_of(b"a\0b", "txt") == codes.BROKEN
    assert code_of(b"anything", "xls") == codes.UNSUPPORTED
