"""Writes inference.json beside this script.

Run with scipy 1.17.1, statsmodels 0.15.0 and dcurves 1.1.7: python inference_make.py OUTPUT_FOLDER
"""

import itertools
import json
import sys
from pathlib import Path

import dcurves
import numpy as np
import pandas as pd
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests


def floats(values):
    return [float(v) for v in np.ravel(values)]


def mcnemar_tables():
    """Whole tables, exact p by statsmodels: both, only first, only second, neither, p."""
    for table in [(10, 5, 0, 4), (3, 2, 9, 1), (50, 40, 61, 20), (0, 1, 1, 0), (7, 8, 1, 12)]:
        both, first, second, neither = table
        yield [*table, float(mcnemar([[both, first], [second, neither]], exact=True).pvalue)]


def holm():
    rng = np.random.default_rng(3)
    for p in [[0.03, 0.01, 0.04, 0.02], rng.random(15) ** 3, [0.5, 0.5, 1.0], [0.001]]:
        yield {"p": floats(p), "adjusted": floats(multipletests(p, method="holm")[1])}


def student():
    """Two-sided tails of t."""
    for t, df in [(0.0, 1), (0.5, 1), (2.1, 3), (1.96, 9.5), (12.7, 2), (3.3, 49), (0.01, 99), (45.0, 5), (2.0, 1e4)]:
        yield [t, df, float(2 * stats.t.sf(t, df))]


def corrected():
    """Nadeau and Bengio's test written out: differences, ratio, then standard error, p, lower, upper at 95 %."""
    rng = np.random.default_rng(11)
    for count, ratio, shift in [(5, 0.25, 0.03), (50, 1 / 9, 0.02), (10, 0.11, 0.0), (2, 0.5, 0.1)]:
        d = rng.normal(shift, 0.05, count)
        se = np.sqrt((1 / count + ratio) * d.var(ddof=1))
        p = 2 * stats.t.sf(abs(d.mean() / se), count - 1)
        reach = stats.t.ppf(0.975, count - 1) * se
        yield {"differences": floats(d), "ratio": ratio, "expected": floats([se, p, d.mean() - reach, d.mean() + reach])}


def exact_power(n, first, second, alpha):
    """Over all outcomes of three kinds of patients, each with scipy's exact test: slow and plain."""
    total = 0.0
    for b, c in itertools.product(range(n + 1), range(n + 1)):
        if b + c <= n and b + c > 0 and stats.binomtest(b, b + c, 0.5).pvalue < alpha:
            total += stats.multinomial.pmf([b, c, n - b - c], n, [first, second, 1 - first - second])
    return total


def sample_sizes():
    """Shares, then patients by the asymptotic formula, and the exact power at some numbers of patients."""
    for first, second, sizes in [(0.3, 0.1, (20, 57, 75)), (0.25, 0.2, (40,)), (0.15, 0.0, (30, 45)), (0.5, 0.3, (25, 60))]:
        psi, delta = first + second, first - second
        z = stats.norm.ppf(0.975) * np.sqrt(psi) + stats.norm.ppf(0.8) * np.sqrt(psi - delta**2)
        yield {
            "shares": [first, second],
            "asymptotic": int(np.ceil((z / delta) ** 2)),
            "power": [[n, float(exact_power(n, first, second, 0.05))] for n in sizes],
        }


def calibrations():
    """Slope and intercept by statsmodels' logit with errors clustered by patient, without correction."""
    rng = np.random.default_rng(5)
    for patients, slices, strength in [(80, 1, 1.0), (40, 6, 0.6), (25, 3, 1.7)]:
        owner = np.repeat(np.arange(patients), slices)
        logit = rng.normal(-0.3, 1.2, patients)[owner] + rng.normal(0, 0.5, len(owner))
        y = rng.random(len(owner)) < 1 / (1 + np.exp(-(0.2 + strength * logit)))
        p = 1 / (1 + np.exp(-logit))
        x = np.log(p) - np.log1p(-p)
        clusters = {"groups": owner, "use_correction": False}
        how = {"cov_type": "cluster", "cov_kwds": clusters, "tol": 1e-13, "maxiter": 200}
        family = sm.families.Binomial()
        slope = sm.GLM(y.astype(float), sm.add_constant(x), family=family).fit(**how)
        large = sm.GLM(y.astype(float), np.ones_like(x), family=family, offset=x).fit(**how)
        yield {
            "p": floats(p), "y": [int(v) for v in y], "owner": [int(v) for v in owner],
            "slope": [float(slope.params[1]), float(slope.bse[1])],
            "intercept": [float(large.params[0]), float(large.bse[0])],
        }


def decisions():
    """Net benefit by dcurves."""
    rng = np.random.default_rng(9)
    for n in (30, 200):
        y = (rng.random(n) < 0.35).astype(int)
        p = np.round(1 / (1 + np.exp(-(rng.normal(0, 1, n) + y - 0.5))), 3)
        thresholds = np.array([0.053, 0.1005, 0.25, 0.3337, 0.5, 0.72, 0.9])
        table = dcurves.dca(data=pd.DataFrame({"y": y, "p": p}), outcome="y", modelnames=["p"], thresholds=thresholds)
        curve = {name: floats(table[table.model == name].sort_values("threshold").net_benefit) for name in ("p", "all")}
        yield {"y": [int(v) for v in y], "p": floats(p), "thresholds": floats(thresholds), "model": curve["p"], "all": curve["all"]}


def main():
    content = {
        "made_by": f"scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, dcurves 1.1.7",
        "mcnemar": list(mcnemar_tables()),
        "holm": list(holm()),
        "student": list(student()),
        "corrected": list(corrected()),
        "sample_sizes": list(sample_sizes()),
        "calibrations": list(calibrations()),
        "decisions": list(decisions()),
    }
    with open(Path(sys.argv[1]) / "inference.json", "w") as file:
        json.dump(content, file)
        file.write("\n")


if __name__ == "__main__":
    main()
