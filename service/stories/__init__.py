"""One story from many outlets: what articles have in common, and where they differ."""
