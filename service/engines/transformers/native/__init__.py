"""The loops that torch has no operator for, in C; `kernels.c` says which."""
