"""The canary: a patient who does not exist, told at the product's doors and looked for wherever it writes.

patient.py makes one, doors.py and session.py say how to tell of them, traces.py finds them in bytes.
"""
