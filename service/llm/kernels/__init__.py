"""Kernels in C for loops that torch has no operator for, and their compilation and calls."""
