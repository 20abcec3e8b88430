"""Diglot: an article in any language in, an English digest, a Chinese digest and a stance out."""

__version__ = "0.1.0"
