"""Millions of articles: a pool of engines on a Ray cluster, and results as Parquet partitions."""
