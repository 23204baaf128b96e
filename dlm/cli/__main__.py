"""`python -m dlm.cli`, for where the `dlm` script is not on the path."""

from dlm.cli import main

main()
