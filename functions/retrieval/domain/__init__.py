"""Finding and wording evidence, without network, clock or environment."""
