"""Remote engine: a model behind any OpenAI-compatible address; articles leave the machine."""
