"""Whether two matrices are the same bits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hftcore.parity.report import ParityCheck

FloatMatrix = npt.NDArray[np.float64]
_SIGN = np.uint64(1 << 63)


def compare_bits(name: str, found: FloatMatrix, expected: FloatMatrix, class_flips: int = 0) -> ParityCheck:
    """Compare two float64 matrices of the same shape by their bits; NaN equals only the same NaN."""
    if found.shape != expected.shape:
        n_differing = max(len(found), len(expected))
        return ParityCheck(name, len(expected), n_differing, int(np.iinfo(np.int64).max), class_flips)
    ours, theirs = (np.ascontiguousarray(side).view(np.uint64) for side in (found, expected))
    differs = ours != theirs
    if not differs.any():
        return ParityCheck(name, len(expected), 0, 0, class_flips)
    a, b = _ordered(ours[differs]), _ordered(theirs[differs])
    gap = int(np.max(np.maximum(a, b) - np.minimum(a, b)))
    return ParityCheck(name, len(expected), int(np.count_nonzero(differs.any(axis=1))), gap, class_flips)


def _ordered(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Neighbouring doubles become neighbouring integers, across zero too."""
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)
