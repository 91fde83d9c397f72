"""Where orbits go: equilibria, nullclines, Lyapunov exponents, conserved quantities."""
