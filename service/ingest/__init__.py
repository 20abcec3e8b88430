"""Input as it comes: files, encodings, HTML."""
