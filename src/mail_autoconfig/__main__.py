"""`python -m mail_autoconfig`, and the entry of the zipapp."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
