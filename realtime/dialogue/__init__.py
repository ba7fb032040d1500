"""What to say to what was said: deterministic, with the rooms behind a port.

A language model has no part in it: calculators compute, retrieval answers out of passages, and here it is only
decided who is asked, what is asked back, and how the result is put into words.
"""
