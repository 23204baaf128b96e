"""Who is held out: a person, by the hash of the coefficients, wherever and however often drawn."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

HELD_OUT = 0.05  # of all people


def hashes_of(identities: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Return (N,) hashes of (N, I) coefficients, evenly spread over all 64-bit numbers."""
    digests = [blake2b(row.tobytes(), digest_size=8).digest() for row in identities]
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def held_out(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which of (N,) people are held out."""
    return np.asarray(hashes < np.uint64(HELD_OUT * 2**64))
