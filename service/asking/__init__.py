"""What is asked of an engine, and whether its answer may pass: prompts, plan, gates, report."""
