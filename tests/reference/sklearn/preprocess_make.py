"""Writes what scikit-learn's scalers and neuroCombat make of a small seeded table.

    python preprocess_make.py OUTPUT_FOLDER

The table is `make(SHAPE, SEED)` of seeded_table.py: rows 0..64 train (64 steps between quantiles, so that none of
scikit-learn's is off by rounding where values are tied), the rest are new. Ties: column 1 is
rounded to one decimal, column 2 is cut at 0 from below. Sites: row % 3, with offsets and spreads of their
own before anything is fitted.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

import neuroCombat
import numpy as np
import pandas as pd
import scipy
import sklearn
from neuroCombat.neuroCombat import it_sol
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, RobustScaler, StandardScaler

from seeded_table import make

SHAPE = {"rows": 96, "columns": 8, "informative": 4, "redundant": 2, "classes": 3, "separation": 1.0}
SEED = 3
TRAIN = 65

np.int = int  # neuroCombat 0.2.12 still calls it
it_sol.__defaults__ = (1e-13,)  # to the solution, not 1e-4 before it
neuroCombat.neuroCombat.__globals__["it_sol"] = it_sol


def table():
    x, y = make(SHAPE, SEED)
    x[:, 1] = np.floor(x[:, 1] * 10.0 + 0.5) / 10.0
    x[:, 2] = np.maximum(x[:, 2], 0.0)
    site = np.arange(len(x)) % 3
    x = x * np.array([1.0, 1.5, 0.5])[site][:, None] + np.array([0.0, 0.75, -2.0])[site][:, None]
    return x, y, site


def rounded(values):
    return [float(f"{v:.10g}") for v in np.asarray(values, dtype=float).ravel()]


def combat(x, site, **settings):
    """Harmonised training rows, then new rows by the training's estimates."""
    train, new = x[:TRAIN], x[TRAIN:]
    covars = pd.DataFrame({"site": [f"s{s}" for s in site[:TRAIN]]})
    if "ref_batch" not in settings:
        covars = pd.DataFrame({"site": site[:TRAIN]})
    with contextlib.redirect_stdout(io.StringIO()):
        result = neuroCombat.neuroCombat(dat=train.T, covars=covars, batch_col="site", **settings)
    e = result["estimates"]
    mean = np.asarray(e["stand.mean"])[:, 0]
    deviation = np.sqrt(np.asarray(e["var.pooled"])[:, 0])
    gamma, delta = np.asarray(e["gamma.star"]), np.asarray(e["delta.star"])

    def apply(rows, sites):
        z = (rows - mean) / deviation
        return (z - gamma[sites]) / np.sqrt(delta[sites]) * deviation + mean

    # neuroCombat's own adjusted rows must be what the formula gives.
    assert np.allclose(result["data"].T, apply(train, site[:TRAIN]), atol=1e-9)
    return {"train": rounded(result["data"].T), "new": rounded(apply(new, site[TRAIN:]))}


def main():
    folder = Path(sys.argv[1])
    x, _, site = table()
    train = x[:TRAIN]
    scalers = {
        "standard": StandardScaler(),
        "robust": RobustScaler(),
        "min_max": MinMaxScaler(),
        "quantile_uniform": QuantileTransformer(n_quantiles=1000, subsample=None),
        "quantile_normal": QuantileTransformer(
            n_quantiles=1000, subsample=None, output_distribution="normal"
        ),
    }
    answers = {
        "versions": {
            "scikit-learn": sklearn.__version__,
            "scipy": scipy.__version__,
            "neuroCombat": "0.2.12",
        },
        "scaling": {name: rounded(s.fit(train).transform(x)) for name, s in scalers.items()},
        "combat": {
            "parametric": combat(x, site),
            "non_parametric": combat(x, site, parametric=False),
            "mean_only": combat(x, site, mean_only=True),
            "mean_only_non_parametric": combat(x, site, mean_only=True, parametric=False),
            "reference": combat(x, site, ref_batch="s1"),
        },
    }
    text = json.dumps(answers, separators=(",", ":")).replace("},", "},\n")
    (folder / "preprocess_answers.json").write_text(text + "\n")


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    main()
