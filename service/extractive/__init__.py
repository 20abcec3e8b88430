"""Digests and a stance without a model."""
