"""Reference values of what is drawn of features: tails of chi squared, Kruskal and Wallis, Spearman, quartiles.

Run with scipy and numpy; writes chi_squared.csv and explore.json beside this file."""

import json
import pathlib

import numpy as np
import scipy
from scipy import stats

here = pathlib.Path(__file__).parent

with open(here / "chi_squared.csv", "w") as out:
    out.write(f"# x, degrees of freedom, upper tail: scipy {scipy.__version__}, stats.chi2.sf\n")
    for degrees in (1, 2, 3, 4, 5, 8, 15, 40):
        for x in (0.01, 0.5, 3.84, 11.3, 60.0):
            out.write(f"{x!r},{degrees},{float(stats.chi2.sf(x, degrees))!r}\n")

random = np.random.default_rng(11)
cases = []
for name, sizes, step in (
    ("three classes", (9, 14, 6), 0.0),
    ("two classes with ties", (12, 11), 1.0),
    ("five classes, heavy ties", (5, 8, 7, 4, 10), 2.0),
):
    values, classes = [], []
    for label, size in enumerate(sizes):
        drawn = random.normal(0.6 * label, 1.0, size)
        values += [float(np.round(v / step) * step) if step else float(v) for v in drawn]
        classes += [label] * size
    groups = [[v for v, c in zip(values, classes) if c == k] for k in range(len(sizes))]
    h, p = stats.kruskal(*groups)
    cases.append(
        {
            "name": name,
            "values": values,
            "classes": classes,
            "h": float(h),
            "p": float(p),
            "quartiles": [float(q) for q in np.quantile(values, [0.25, 0.5, 0.75])],
        }
    )

base = random.normal(size=(40, 3))
columns = np.column_stack(
    [
        base[:, 0],
        base[:, 1],
        -base[:, 0] + 0.2 * random.normal(size=40),
        np.round(base[:, 1] * 2),
        np.exp(base[:, 2]),
        base[:, 1] + 0.5 * random.normal(size=40),
    ]
)
rho = stats.spearmanr(columns).statistic
document = {
    "program": f"scipy {scipy.__version__}, numpy {np.__version__}",
    "kruskal_wallis": cases,
    "spearman": {"columns": columns.T.tolist(), "rho": rho.tolist()},
}
(here / "explore.json").write_text(json.dumps(document, indent=1) + "\n")
