"""Doing it for many, and losing nothing: worker, desk, folder, ledger, evaluation."""
