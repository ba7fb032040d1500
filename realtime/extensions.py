"""Pieces of an answer as events of ours, for clients that asked for them."""

from realtime.engine import Calculation, Clarification, Fact, Fallback, Passing, PhiNotice, Sources, ToolUse
from realtime.protocol import server
from realtime.protocol.server import Wire


def fact_of(piece: Fact) -> tuple[str, Wire]:
    """Name and members of what stands beside the words, as it is stored with them."""
    match piece:
        case Sources():
            citations = [citation.model_dump(mode="json") for citation in piece.citations]
            return "citation.list", {"citations": citations, "status": piece.status, "notice": piece.notice}
        case Calculation():
            return "calculator.result", {"result": piece.result.model_dump(mode="json")}
        case Clarification():
            return "clarify.ask", {"question": piece.question, "options": list(piece.options), "slot": piece.slot}
        case PhiNotice():
            return "phi.notice", {"route": piece.route, "reason": piece.reason}


def passing_of(piece: Passing) -> tuple[str, Wire]:
    """Name and members of what is told as it happens."""
    match piece:
        case ToolUse():
            return "tool.use", {"name": piece.name, "status": piece.status}
        case Fallback():
            return "engine.fallback", {"engine": piece.engine, "reason": piece.reason}


def event_of(name: str, members: Wire, response_id: str, item_id: str) -> Wire:
    return server.extension(name, response_id=response_id, item_id=item_id, **members)
