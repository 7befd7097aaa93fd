"""Speaker verification: how well scores tell pairs of one speaker from pairs of two."""

import numpy as np
from jaxtyping import Float


def equal_error_rate(same: Float[np.ndarray, " K"], other: Float[np.ndarray, " K2"]) -> float:
    """The share of errors at the threshold where as many pairs of one speaker score below as of two above.

    Between two thresholds the rates are joined by a straight line, so few pairs give no jumps. NaN without both kinds.
    """
    if not len(same) or not len(other):
        return float("nan")
    thresholds = np.unique(np.concatenate((same, other)))
    missed = np.searchsorted(np.sort(same), thresholds, side="left") / len(same)
    missed = np.append(missed, 1.0)
    accepted = 1 - np.searchsorted(np.sort(other), thresholds, side="left") / len(other)
    accepted = np.append(accepted, 0.0)
    after = int(np.argmax(missed >= accepted))  # rates cross here: one rises from 0 to 1, the other falls from 1 to 0
    if after == 0:
        return float(missed[0])
    gap, gap_before = missed[after] - accepted[after], accepted[after - 1] - missed[after - 1]
    share = gap_before / (gap + gap_before)
    return float(missed[after - 1] + share * (missed[after] - missed[after - 1]))
