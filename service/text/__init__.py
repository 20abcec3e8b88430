"""Text as such: languages, scripts, sentences, terms, offsets."""
