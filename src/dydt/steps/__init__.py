"""Solving by machine, in the open: every step of a method with its numbers, its error and its stability."""
