"""Pieces of an answer as events of ours, for clients that asked for them."""

from realtime.engine import Calculation, Clarification, Sources
from realtime.protocol import server
from realtime.protocol.server import Wire


def event_of(piece: Sources | Calculation | Clarification, response_id: str, item_id: str) -> Wire:
    place = {"response_id": response_id, "item_id": item_id}
    match piece:
        case Sources():
            citations = [citation.model_dump(mode="json") for citation in piece.citations]
            return server.extension(
                "citation.list", **place, citations=citations, status=piece.status, notice=piece.notice
            )
        case Calculation():
            return server.extension("calculator.result", **place, result=piece.result.model_dump(mode="json"))
        case Clarification():
            return server.extension(
                "clarify.ask", **place, question=piece.question, options=list(piece.options), slot=piece.slot
            )
