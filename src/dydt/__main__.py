"""`python -m dydt` is the command `dydt`."""

from dydt.cli import main

if __name__ == "__main__":
    main()
