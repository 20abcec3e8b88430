"""Reading an article: from bytes to clean sentences that know where they stand."""
