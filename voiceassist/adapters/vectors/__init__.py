"""Adapters of `voiceassist.ports.vectors`: Qdrant for public knowledge, pgvector for what belongs to somebody."""
