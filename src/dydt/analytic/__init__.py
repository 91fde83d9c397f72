"""What kind of law it is, and how it is solved by hand: one file a method, every step verified."""
