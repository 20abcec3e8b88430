"""Durable state in SQLite: batches, leases, results."""
