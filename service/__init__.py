"""Diglot: an article in any language in, an English digest, a Chinese digest and a stance out."""

__version__ = "0.1.0"
USER_AGENT = f"diglot/{__version__}"
"""The name that requests to other servers carry."""
