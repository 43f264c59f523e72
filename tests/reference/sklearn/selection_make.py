"""Writes what scikit-learn, scipy, mrmr_selection and BorutaPy say of the columns of a small seeded table.

    python selection_make.py OUTPUT_FOLDER

The table is `make(SHAPE, SEED)` of seeded_table.py, then: column 3 is rounded to whole numbers (ties), column
11 is column 0 with a twentieth of column 12 added (redundant), column 12 is column 1 squared with its sign.
All methods see it standardised (population standard deviation).
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
import sklearn
from boruta import BorutaPy
from mrmr import mrmr_classif
from scipy.cluster.hierarchy import average, fcluster
from scipy.spatial.distance import squareform
from scipy.stats import kruskal, spearmanr
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import RFE, SelectPercentile, f_classif
from sklearn.feature_selection._mutual_info import _compute_mi_cd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from seeded_table import make

SHAPE = {"rows": 150, "columns": 16, "informative": 5, "redundant": 3, "classes": 3, "separation": 1.0}
SEED = 11


def table():
    x, y = make(SHAPE, SEED)
    x[:, 3] = np.floor(x[:, 3] + 0.5)
    x[:, 12] = x[:, 1] * np.abs(x[:, 1])
    x[:, 11] = x[:, 0] + x[:, 12] / 20.0
    return x, y


def rounded(values):
    return [float(f"{v:.10g}") for v in np.asarray(values, dtype=float).ravel()]


def clusters(x, threshold):
    """The lowest column of each column's cluster."""
    rho = np.abs(spearmanr(x).statistic)
    distance = squareform(1.0 - rho, checks=False)
    labels = fcluster(average(distance), t=1.0 - threshold, criterion="distance")
    return [int(np.flatnonzero(labels == label)[0]) for label in labels]


def main():
    folder = Path(sys.argv[1])
    raw, y = table()
    x = StandardScaler().fit_transform(raw)
    names = [f"x{j:02}" for j in range(x.shape[1])]
    tight = LogisticRegression(tol=1e-10, max_iter=100_000)
    rfe = RFE(tight, n_features_to_select=4, step=1).fit(x, y)
    lasso = {}
    for c in (0.02, 0.05, 0.2):
        model = LogisticRegression(
            l1_ratio=1.0, C=c, solver="saga", tol=1e-10, max_iter=1_000_000
        ).fit(x, y)
        lasso[str(c)] = rounded(np.abs(model.coef_).sum(axis=0))
    boruta = BorutaPy(
        RandomForestClassifier(n_jobs=2, max_depth=5, random_state=0),
        n_estimators=200,
        two_step=False,
        max_iter=100,
        random_state=0,
    ).fit(x, y)
    pca = PCA(svd_solver="full").fit(x)
    wide = PCA(svd_solver="full").fit(x[:10])
    answers = {
        "versions": {
            "scikit-learn": sklearn.__version__,
            "scipy": scipy.__version__,
            "mrmr_selection": "0.2.8",
            "Boruta": "0.4.3",
        },
        "f": rounded(f_classif(x, y)[0]),
        "h": rounded([kruskal(*(x[y == k, j] for k in range(3))).statistic for j in range(16)]),
        "mutual_information": rounded([_compute_mi_cd(x[:, j], y, 3) for j in range(16)]),
        "percentile_20": SelectPercentile(f_classif, percentile=20).fit(x, y).get_support().tolist(),
        "mrmr": [
            names.index(name)
            for name in mrmr_classif(
                pd.DataFrame(x, columns=names), pd.Series(y), K=8, n_jobs=1, show_progress=False
            )
        ],
        "rfe_ranking": rfe.ranking_.tolist(),
        "lasso": lasso,
        "boruta": {
            "confirmed": boruta.support_.tolist(),
            "tentative": boruta.support_weak_.tolist(),
        },
        "clusters": {str(t): clusters(x, t) for t in (0.3, 0.6, 0.9)},
        "pca": {
            "components": rounded(pca.components_),
            "share": rounded(pca.explained_variance_ratio_),
            "transformed": rounded(pca.transform(x[:20])),
            "count_of_90_percent": int(PCA(n_components=0.9, svd_solver="full").fit(x).n_components_),
        },
        "pca_wide": {
            "share": rounded(wide.explained_variance_ratio_[:9]),
            "transformed": rounded(wide.transform(x[:20])[:, :9]),
        },
    }
    text = json.dumps(answers, separators=(",", ":")).replace('],"', '],\n"')
    (folder / "selection_answers.json").write_text(text + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
