"""The OpenAI Realtime protocol (GA) as typed code: what a client may send, what we answer, the session's settings.

Nothing here touches a socket, a clock or a model. Field names and shapes are those of OpenAI's published API
reference, tried with its Python and JavaScript SDKs; our own events are called `voiceassist.*` and are sent
only to clients that ask for them.
"""
