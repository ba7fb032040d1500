"""What happens to a document, without network, clock or environment."""
