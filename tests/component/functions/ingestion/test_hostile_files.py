"""Hostile and scanned files in the reading process: each ends soon with a clear code, and nothing of it is executed."""

import io
import time
import zlib
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

from functions.ingestion import ocr, sandbox
from functions.ingestion.domain import blocks as codes
from functions.ingestion.domain.blocks import DocumentError

pytestmark = pytest.mark.req("P5.1")

LINE = "Heparin is stopped when the platelets fall."


def of(objects: dict[int, bytes], root: int = 1, *, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, with a cross-reference table."""
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 %b \n" % (places.get(number, 0), b"n" if number in places else b"f")
    out += b"trailer\n<</Size %d/Root %d 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (size, root, trailer, start)
    return bytes(out)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%b>>\nstream\n%b\nendstream" % (len(data), entries, data)


FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
SHOWN = b"BT /F1 12 Tf 50 700 Td (" + LINE.encode() + b") Tj ET"


def page(contents: bytes, *, catalogue: bytes = b"", resources: bytes = b"", more: dict[int, bytes] | None = None):
    """One page with this content stream."""
    return {
        1: b"<</Type/Catalog/Pages 2 0 R%b>>" % catalogue,
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>%b>>>>"
        % resources,
        4: contents,
        5: FONT,
    } | (more or {})


def encrypted() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(of(page(stream(SHOWN))))))
    writer.encrypt("secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bomb() -> bytes:
    """300 megabytes of spaces in 300 kilobytes."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 1_000_000) for _ in range(300)) + packer.flush()
    return of(page(stream(packed, b"/Filter/FlateDecode")))


def twice_packed() -> bytes:
    packed = zlib.compress(zlib.compress(b" " * 150_000_000, 9), 9)
    return of(page(stream(packed, b"/Filter[/FlateDecode/FlateDecode]")))


def form_in_itself() -> bytes:
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>"
    return of(page(stream(b"/X Do"), resources=b"/XObject<</X 6 0 R>>", more={6: stream(b"/X Do", entries)}))


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(10, 10 + count))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count),
        4: stream(SHOWN),
        5: FONT,
    }
    one = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    return of(objects | dict.fromkeys(range(10, 10 + count), one))


TREE_IN_ITSELF = of({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 3>>"})
ROOT_IN_ITSELF = of({1: b"1 0 R"})
NO_PAGES = of({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[]/Count 0>>"})
NESTED = of(page(stream(b"[" * 200_000)))


@pytest.fixture
def opened(tmp_path):
    def make(data: bytes):
        path = tmp_path / "document"
        path.write_bytes(data)
        return path.open("rb")

    return make


def nowhere(_done, _total):
    """Nobody watches the pages."""


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (encrypted, {codes.ENCRYPTED}),
        (lambda: NO_PAGES, {codes.EMPTY}),
        (bomb, {codes.TOO_LARGE}),
        (twice_packed, {codes.TOO_LARGE}),
        (lambda: many_pages(10_000), {codes.TOO_LARGE}),
        (lambda: TREE_IN_ITSELF, {codes.BROKEN, codes.EMPTY}),
        (lambda: ROOT_IN_ITSELF, {codes.BROKEN}),
        (form_in_itself, {codes.BROKEN, codes.SCANNED, codes.SCANNED_NO_OCR}),
        (lambda: NESTED, {codes.BROKEN, codes.SCANNED, codes.SCANNED_NO_OCR}),
        (lambda: of(page(stream(SHOWN)))[:300], {codes.BROKEN, codes.EMPTY}),
        (lambda: b"%PDF-1.7\n" + bytes(range(256)) * 4000, {codes.BROKEN, codes.EMPTY}),
    ],
    ids="encrypted no-pages bomb twice-packed 10000-pages tree-loop root-loop form-loop nested cut noise".split(),
)
async def test_a_hostile_pdf_is_refused_by_code(opened, monkeypatch, make, expected):
    monkeypatch.setattr(sandbox, "PROGRAMS", "/nowhere")  # what is refused must not depend on Tesseract
    with opened(make()) as file, pytest.raises(DocumentError) as caught:
        await sandbox.read(file, "pdf", nowhere, wall_seconds=60)
    assert caught.value.code in expected


async def test_a_pdf_without_its_table_of_objects_is_still_read(opened):
    data = of(page(stream(SHOWN)))
    broken = data.replace(data[data.index(b"startxref") :], b"startxref\n99999999\n%%EOF\n").replace(
        b"\nxref", b"\nxxxx"
    )
    with opened(broken) as file:
        found = await sandbox.read(file, "pdf", nowhere)
    assert [block.text for block in found.blocks] == [LINE]


async def test_scripts_of_a_pdf_are_not_run_and_not_read(opened, tmp_path):
    script = b"<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1:9/'\\); this.exportDataObject\\({}\\);)>>"
    launch = b"<</S/Launch/F(%b)>>" % str(tmp_path / "touched").encode()
    for action in (script, launch):
        with opened(of(page(stream(SHOWN), catalogue=b"/OpenAction " + action))) as file:
            found = await sandbox.read(file, "pdf", nowhere)
        assert ([block.text for block in found.blocks], found.notes) == ([LINE], (codes.SCRIPTS_IGNORED,))
    assert not (tmp_path / "touched").exists()


async def test_a_long_document_tells_its_pages_while_it_is_read(opened):
    seen, buffer = [], io.BytesIO()
    paper = canvas.Canvas(buffer, pagesize=A4)
    for number in range(400):
        paper.drawString(50, 700, f"Rule {chr(97 + number % 26) * (1 + number // 26)} keeps the ward tidy.")
        paper.showPage()
    paper.save()
    with opened(buffer.getvalue()) as file:
        found = await sandbox.read(file, "pdf", lambda done, total: seen.append((done, total)))
    assert [block.page for block in found.blocks] == list(range(1, 401))
    assert seen == sorted(seen)
    assert seen[-1][1] == 400


def scan(lines: list[str]) -> bytes:
    """A PDF whose only page is a picture of these lines."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("L", (1240, 1754), 255)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(36)
    for number, line in enumerate(lines):
        draw.text((100, 150 + 60 * number), line, fill=0, font=font)
    buffer = io.BytesIO()
    paper = canvas.Canvas(buffer, pagesize=A4)
    paper.drawInlineImage(picture, 0, 0, *A4)
    paper.showPage()
    paper.save()
    return buffer.getvalue()


TSV = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def words(*rows: tuple[int, int, int, float, str]) -> str:
    return TSV + "".join(
        f"5\t1\t1\t1\t{line}\t1\t{left}\t{top}\t50\t30\t{confidence}\t{word}\n"
        for line, left, top, confidence, word in rows
    )


@pytest.fixture
def tesseract(tmp_path, monkeypatch):
    """Another program of that name on the reader's path: it notes its arguments and its picture."""

    def put(answer: str, *, status: int = 0) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "answer").write_text(answer)
        program = folder / "tesseract"
        # The reader may write no file, so what the picture is and in which language it is asked come back as a word.
        word = r"5\t1\t9\t1\t1\t1\t9\t9000\t9\t9\t90\t%s:%s\n"
        program.write_text(
            "#!/bin/sh\nPATH=/usr/bin:/bin\nread -r kind\ncat >/dev/null\n"
            f'cat "{folder}/answer"\nprintf "{word}" "$kind" "$4"\nexit {status}\n'
        )
        program.chmod(0o755)
        monkeypatch.setattr(sandbox, "PROGRAMS", str(folder))
        return program

    return put


async def test_a_scanned_page_is_drawn_and_recognised(opened, tesseract):
    tesseract(words((1, 100, 150, 96.0, "Heparin"), (1, 300, 150, 95.0, "stops."), (2, 100, 900, 5.0, "speck")))
    with opened(scan([LINE])) as file:
        found = await sandbox.read(file, "pdf", nowhere, languages="eng+spa")
    assert (found.notes, found.pages) == ((codes.OCR,), 1)
    assert [block.text for block in found.blocks] == ["Heparin stops. P5:eng+spa"]
    assert {block.page for block in found.blocks} == {1}


async def test_a_scan_where_nothing_is_recognised_or_the_program_fails(opened, tesseract, monkeypatch):
    program = tesseract(words(), status=1)
    with opened(scan([LINE])) as file, pytest.raises(DocumentError) as caught:
        await sandbox.read(file, "pdf", nowhere)
    assert caught.value.code == codes.BROKEN
    program.write_text("#!/bin/sh\nPATH=/usr/bin:/bin\ncat >/dev/null\n")
    with opened(scan([LINE])) as file, pytest.raises(DocumentError) as caught:
        await sandbox.read(file, "pdf", nowhere)
    assert caught.value.code == codes.SCANNED
    monkeypatch.setattr(sandbox, "PROGRAMS", "/nowhere")
    with opened(scan([LINE])) as file, pytest.raises(DocumentError) as caught:
        await sandbox.read(file, "pdf", nowhere)
    assert caught.value.code == codes.SCANNED_NO_OCR


async def test_a_recogniser_that_hangs_ends_with_its_reader(opened, tesseract):
    program = tesseract(words())
    program.write_text("#!/bin/sh\nPATH=/usr/bin:/bin\nexec sleep 600\n")
    began = time.monotonic()
    with opened(scan([LINE])) as file, pytest.raises(DocumentError) as caught:
        await sandbox.read(file, "pdf", nowhere, wall_seconds=4)
    assert caught.value.code == codes.TOO_SLOW
    assert time.monotonic() - began < 60


async def test_tesseract_itself_reads_a_scan(opened):
    if ocr.recogniser("eng") is None:
        pytest.skip("Tesseract is not installed: apt-get install tesseract-ocr")
    with opened(scan([LINE, "The dose is 5 mg twice daily."])) as file:
        found = await sandbox.read(file, "pdf", nowhere)
    assert found.notes == (codes.OCR,)
    text = " ".join(block.text for block in found.blocks)
    assert LINE in text
    assert "5 mg twice daily" in text
