"""What an engine with a model may have done: looked up, computed, ranked; on behalf of who speaks, and by our rooms."""
