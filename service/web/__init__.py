"""The HTTP face: the same digests as the command line, over one port."""
