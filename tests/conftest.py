"""For all tests: Ctrl-C reaches the commands they start."""

import signal

# A shell that starts the tests in the background has them ignore Ctrl-C, and what they start would
# inherit that; a handler of our own is reset to the default in every program they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
