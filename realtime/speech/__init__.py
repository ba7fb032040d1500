"""Ears and voice: speech activity, recognition and synthesis on this machine's processor.

Everything here is synchronous and may be called from several threads; the service runs it in an executor.
No function writes what was said, or what is to be said, into a log or an exception.
"""
