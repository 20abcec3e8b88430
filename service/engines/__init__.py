"""Who answers: a model, or the article itself. `choose.py` picks."""
