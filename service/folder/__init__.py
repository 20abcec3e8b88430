"""A folder of articles: the run, its ledger, its progress."""
