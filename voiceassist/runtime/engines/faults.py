"""What stops a start: one sentence that says what is wrong and how to mend it."""

from voiceassist.core.errors import VoiceAssistError


class EngineError(VoiceAssistError):
    """Something on this machine keeps the stack from running; shown to the operator by the CLI."""

    code = "ENGINE"
    title = "The local stack cannot run"
