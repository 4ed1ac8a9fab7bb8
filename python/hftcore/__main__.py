"""``python -m hftcore`` is the command ``hftcore``."""

from hftcore.cli import main

main()
