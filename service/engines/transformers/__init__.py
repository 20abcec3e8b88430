"""The model engine. README.md in this folder explains it; nothing else imports torch."""
