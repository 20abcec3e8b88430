"""The model engine. README.md in this folder explains it; nothing else imports torch."""

from service.llm import environment

environment.set_defaults()  # before any module of this folder imports torch
