"""vectord: one owner process for Qdrant's engine, with the REST interface of a Qdrant server.

There is no Qdrant server in the package indexes, only its segment engine (qdrant-edge). An engine directory has
one owner, so this process holds them and everybody, tests included, uses an unmodified qdrant-client; in
production the same settings name a real Qdrant.
"""
