"""Derivative and integral, the teaching way: each with its steps, exact and checked."""
