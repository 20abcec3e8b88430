"""The checks of a digest against its article: support, citations, form, and the verdict of all."""
