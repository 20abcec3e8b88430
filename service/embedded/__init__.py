"""What needs no model: the article's own sentences, its key facts, its stance by a lexicon."""
