"""Envelope encryption: values under data keys of their tenant, data keys under a key-encryption key.

`keyring.py` gives the keys of a tenant, `keys.py` seals and opens with them, `columns.py` knows columns, `words.py`
makes sealed texts searchable, `key_store.py` is the table of wrapped data keys (docs/reference/encryption.md).
"""
