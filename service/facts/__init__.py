"""Figures, dates and names: what they are in either language, and if a digest has them right."""
