"""The forms in which an equation is read before it is solved: y' = f(t, y), linear, x' = A x + b, sums of waves."""
