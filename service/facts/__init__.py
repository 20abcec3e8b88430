"""Figures, dates and names: found, compared, written in either language."""
