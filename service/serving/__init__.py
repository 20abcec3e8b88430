"""A queue of articles before one engine."""
