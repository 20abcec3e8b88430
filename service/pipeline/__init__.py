"""From an article to its result: what is asked of an engine, and which answers pass."""
