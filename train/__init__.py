"""From a dataset to a network, and from a network to a number; torch lives here alone."""
