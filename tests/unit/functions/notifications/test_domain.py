"""What is told: codes and counts, never the text of a document."""

from uuid import UUID

from events.catalog import DocumentFailed, DocumentIndexed
from functions.notifications.domain import FAILED, INDEXED, News, of_failed, of_indexed

IDS = {"document_id": UUID(int=1), "tenant_id": UUID(int=2), "owner_id": UUID(int=3)}


def test_an_indexed_document_is_told_with_its_counts():
    assert of_indexed(DocumentIndexed(**IDS, chunks=5, pages=2)) == News(
        UUID(int=2), UUID(int=3), INDEXED, UUID(int=1), {"chunks": 5, "pages": 2}
    )


def test_a_failed_document_is_told_with_its_code():
    assert of_failed(DocumentFailed(**IDS, code="DOCUMENT_ENCRYPTED")) == News(
        UUID(int=2), UUID(int=3), FAILED, UUID(int=1), {"code": "DOCUMENT_ENCRYPTED"}
    )
