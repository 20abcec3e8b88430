"""The way of an article to its result: tasks for an engine, and the gates for its answers."""
