"""Scores over cases that somebody has marked."""
