"""The loops that torch has no operator for, in C, and how they are compiled and called."""
