"""What we send: one function an event, so that no event is spelled in two places.

`event_id` is added where events leave the session. Times are milliseconds, audio is base64.
"""

from typing import Any

Wire = dict[str, Any]


def session(kind: str, settings: Wire) -> Wire:
    """`session.created` or `session.updated` with the full effective session."""
    return {"type": f"session.{kind}", "session": settings}


def error(details: Wire) -> Wire:
    return {"type": "error", "error": details}


# Listening


def speech_started(item_id: str, audio_start_ms: int) -> Wire:
    return {"type": "input_audio_buffer.speech_started", "audio_start_ms": audio_start_ms, "item_id": item_id}


def speech_stopped(item_id: str, audio_end_ms: int) -> Wire:
    return {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": audio_end_ms, "item_id": item_id}


def committed(item_id: str, previous_item_id: str | None) -> Wire:
    return {"type": "input_audio_buffer.committed", "previous_item_id": previous_item_id, "item_id": item_id}


def cleared() -> Wire:
    return {"type": "input_audio_buffer.cleared"}


def transcribed(item_id: str, transcript: str, seconds: float, content_index: int = 0) -> Wire:
    return {
        "type": "conversation.item.input_audio_transcription.completed",
        "item_id": item_id,
        "content_index": content_index,
        "transcript": transcript,
        "usage": {"type": "duration", "seconds": round(seconds, 3)},
    }


def transcription_failed(item_id: str, content_index: int = 0) -> Wire:
    return {
        "type": "conversation.item.input_audio_transcription.failed",
        "item_id": item_id,
        "content_index": content_index,
        "error": {
            "type": "transcription_error",
            "code": "transcription_unavailable",
            "message": "Speech could not be transcribed.",
            "param": None,
        },
    }


# The conversation


def item(kind: str, item: Wire, previous_item_id: str | None) -> Wire:
    """`conversation.item.added` or `.done`; a null `previous_item_id` would mean: at the front."""
    return {"type": f"conversation.item.{kind}", "previous_item_id": previous_item_id, "item": item}


def retrieved(item: Wire) -> Wire:
    return {"type": "conversation.item.retrieved", "item": item}


def deleted(item_id: str) -> Wire:
    return {"type": "conversation.item.deleted", "item_id": item_id}


def truncated(item_id: str, content_index: int, audio_end_ms: int) -> Wire:
    return {
        "type": "conversation.item.truncated",
        "item_id": item_id,
        "content_index": content_index,
        "audio_end_ms": audio_end_ms,
    }


# Answering


def response(kind: str, response: Wire) -> Wire:
    return {"type": f"response.{kind}", "response": response}


def output_item(kind: str, response_id: str, item: Wire, index: int = 0) -> Wire:
    return {"type": f"response.output_item.{kind}", "response_id": response_id, "output_index": index, "item": item}


def call_arguments(kind: str, response_id: str, item: Wire, index: int) -> Wire:
    """`delta` or `done`; arguments are known as a whole when a function is to be called."""
    told = {"delta": item["arguments"]} if kind == "delta" else {"name": item["name"], "arguments": item["arguments"]}
    return {
        "type": f"response.function_call_arguments.{kind}",
        "response_id": response_id,
        "item_id": item["id"],
        "output_index": index,
        "call_id": item["call_id"],
        **told,
    }


def output_part(kind: str, response_id: str, item_id: str, **members: Any) -> Wire:
    """An event about the one content part of the message of a response, which is its first item."""
    return {
        "type": f"response.{kind}",
        "response_id": response_id,
        "item_id": item_id,
        "output_index": 0,
        "content_index": 0,
        **members,
    }


def output_cleared(response_id: str) -> Wire:
    return {"type": "output_audio_buffer.cleared", "response_id": response_id}


def usage() -> Wire:
    """No tokens are billed here, but SDKs add these numbers up."""
    return {
        "total_tokens": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "input_token_details": {
            "text_tokens": 0,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": 0,
            "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": 0, "audio_tokens": 0},
    }


# Our own, for clients that asked for them


def extension(name: str, /, **members: Any) -> Wire:
    return {"type": f"voiceassist.{name}", **members}
