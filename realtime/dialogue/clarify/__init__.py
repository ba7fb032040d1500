"""When to ask which kind is meant, and what the reply to that means. Pure: words in, a decision out."""
