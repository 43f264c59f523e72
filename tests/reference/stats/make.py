"""Writes binomial.csv, mcnemar.csv and bootstrap.csv beside this script.

Run with scipy 1.17.1: python make.py OUTPUT_FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import scipy
from scipy import stats


def binomial():
    """Upper tails and Clopper-Pearson intervals: successes, trials, p, tail, lower, upper."""
    for k, n, p in [
        (0, 1, 0.5), (1, 1, 0.3), (15, 29, 15 / 29), (20, 29, 15 / 29), (29, 29, 15 / 29), (0, 29, 15 / 29),
        (10, 29, 15 / 29), (3, 7, 0.01), (7, 7, 0.99), (355, 618, 319 / 618), (394, 618, 319 / 618),
        (280, 618, 319 / 618), (5000, 9000, 0.5), (2, 300, 1 / 3), (60, 100, 0.2),
    ]:
        tail = stats.binomtest(k, n, p, alternative="greater").pvalue
        # Clopper and Pearson's ends are quantiles of beta distributions; binomtest searches them to 2e-12 only.
        lower = stats.beta.ppf(0.025, k, n - k + 1) if k > 0 else 0.0
        upper = stats.beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
        yield k, n, float(p), float(tail), float(lower), float(upper)


def mcnemar():
    """Two-sided exact p of discordant counts: only_first, only_second, p."""
    for b, c in [(0, 1), (1, 0), (1, 1), (5, 0), (2, 9), (9, 2), (6, 3), (10, 10), (1, 8), (40, 61), (3, 250)]:
        yield b, c, float(stats.binomtest(b, b + c, 0.5).pvalue)


def bootstrap():
    """Intervals of a mean and of a share; the distribution and the data are given, so no draw enters."""
    rng = np.random.default_rng(7)
    skewed = rng.gamma(0.7, size=23)
    share = (rng.random(29) < 0.6).astype(float)
    for name, data, confidence in [
        ("skewed", skewed, 0.95), ("skewed90", skewed, 0.9), ("share", share, 0.95),
    ]:
        common = {"confidence_level": confidence, "n_resamples": 399, "vectorized": True}
        percentile = stats.bootstrap((data,), np.mean, method="percentile", rng=np.random.default_rng(1), **common)
        bca = stats.bootstrap((data,), np.mean, method="BCa", rng=np.random.default_rng(1), **common)
        assert (percentile.bootstrap_distribution == bca.bootstrap_distribution).all()
        yield name, "confidence", [confidence]
        yield name, "data", data
        yield name, "distribution", bca.bootstrap_distribution
        yield name, "percentile", [percentile.confidence_interval.low, percentile.confidence_interval.high]
        yield name, "bca", [bca.confidence_interval.low, bca.confidence_interval.high]
    # Enough resamples that the ends are known to a hundredth of the standard error.
    many = {"confidence_level": 0.95, "n_resamples": 400_000, "vectorized": True, "batch": 20_000}
    for method in ("percentile", "BCa"):
        found = stats.bootstrap((skewed,), np.mean, method=method, rng=np.random.default_rng(2), **many)
        yield "converged", method.lower(), [found.confidence_interval.low, found.confidence_interval.high]
        yield "converged", f"{method.lower()}_error", [found.standard_error]
    yield "converged", "data", skewed


def main():
    folder = Path(sys.argv[1])
    head = f"# scipy {scipy.__version__}, numpy {np.__version__}; made by make.py\n"
    tables = [
        ("binomial.csv", "successes,trials,p,at_least,lower,upper", binomial()),
        ("mcnemar.csv", "only_first,only_second,p", mcnemar()),
        ("bootstrap.csv", "case,what,values", bootstrap()),
    ]
    for name, header, rows in tables:
        with open(folder / name, "w") as file:
            file.write(head + header + "\n")
            for row in rows:
                cells = [" ".join(repr(float(v)) for v in cell) if np.ndim(cell) else str(cell) for cell in row]
                file.write(",".join(cells) + "\n")


if __name__ == "__main__":
    main()
