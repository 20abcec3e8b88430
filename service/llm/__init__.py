"""LLM engine, explained in README.md of this folder; no other package imports torch."""

from service.llm import environment

environment.set_defaults()  # before any module of this folder imports torch
