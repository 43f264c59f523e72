"""Writes what scikit-learn's HistGradientBoostingClassifier and LightGBM say of the tables that raduet's
histogram boosting is tested on.

    python hist_boosting_make.py OUTPUT_FOLDER [FOLDER_OF_REAL_TABLES]

* trees: the nodes of a few rounds with few leaves, in preorder, where structure, thresholds and leaves must be equal;
  values are not scaled. "missing" is breast cancer with NaN where (7 row + 3 column) % 11 == 0, row of the file.
* splits: accuracy and log loss over ten splits of every table, 30 % of the patients (rows) each; defaults without early
  stopping. A patient's place in split s is mixed(s, its number), patients numbered as they appear.
* large: log loss and accuracy on the last 4000 rows of the seeded table LARGE, seed 1, after learning the others.
"""

import csv
import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
import sklearn
from seeded_table import LARGE, make
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, log_loss

SPLITS = range(10)
TEST_SHARE = 0.3


def mixed(split, number):
    """A 32-bit mixer, the same in the test."""
    z = (number * 0x9E3779B1 + split * 0x85EBCA77 + 0x165667B1) & 0xFFFFFFFF
    z = ((z ^ (z >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    z = ((z ^ (z >> 12)) * 0x297A2D39) & 0xFFFFFFFF
    return z ^ (z >> 15)


def preorder(nodes):
    """(column, threshold, missing left) of a split, [value] of a leaf; with the rows that reached each."""
    out, waiting = [], [0]
    while waiting:
        node = nodes[waiting.pop()]
        if node["is_leaf"]:
            out.append([int(node["count"]), float(node["value"])])
            continue
        threshold = float(node["num_threshold"])
        threshold = threshold if np.isfinite(threshold) else None
        left = bool(node["missing_go_to_left"])
        out.append([int(node["count"]), int(node["feature_idx"]), threshold, left])
        waiting += [int(node["right"]), int(node["left"])]
    return out


def trees(x, y, **settings):
    model = HistGradientBoostingClassifier(early_stopping=False, **settings).fit(x, y)
    return {
        "settings": settings,
        "start": model._baseline_prediction.ravel().tolist(),
        "trees": [preorder(tree.nodes) for one_round in model._predictors for tree in one_round],
    }


def quality(truth, p, classes):
    loss = log_loss(truth, p, labels=range(classes))
    return {"accuracy": accuracy_score(truth, p.argmax(axis=1)), "log_loss": float(f"{loss:.8g}")}


def splits(x, y, patients):
    numbers = {}
    of_row = np.array([numbers.setdefault(p, len(numbers)) for p in patients])
    classes = int(y.max()) + 1
    out = []
    for split in SPLITS:
        order = sorted(range(len(numbers)), key=lambda n: (mixed(split, n), n))
        chosen = order[: round(TEST_SHARE * len(order))]
        test = np.isin(of_row, chosen)
        model = HistGradientBoostingClassifier(early_stopping=False).fit(x[~test], y[~test])
        p = np.zeros((test.sum(), classes))
        p[:, model.classes_] = model.predict_proba(x[test])
        out.append(quality(y[test], p, classes))
    return out


def real_table(path):
    with path.open() as file:
        rows = list(csv.reader(file))
    header, rows = rows[0], rows[1:]
    names = sorted({row[header.index("label")] for row in rows})
    y = np.array([names.index(row[header.index("label")]) for row in rows])
    text = {"patient_id", "label", "split"}
    columns = [i for i, name in enumerate(header) if name not in text]
    x = np.array([[float(row[i]) for i in columns] for row in rows])
    return x, y, [row[header.index("patient_id")] for row in rows]


def main():
    folder = Path(sys.argv[1])
    out = {"program": f"scikit-learn {sklearn.__version__}, LightGBM {lightgbm.__version__}, numpy {np.__version__}"}
    loads = {"wine": load_wine, "breast_cancer": load_breast_cancer, "digits": load_digits}
    out["splits"] = {}
    for name, load in loads.items():
        x, y = load(return_X_y=True)
        out["splits"][name] = splits(x, y, range(len(y)))
    for path in sorted(Path(sys.argv[2]).glob("*.csv")) if len(sys.argv) > 2 else []:
        out["splits"][path.stem] = splits(*real_table(path))
        print(path.stem, flush=True)

    x, y = load_breast_cancer(return_X_y=True)
    few = {"max_iter": 3, "max_leaf_nodes": 6}
    out["trees"] = {"breast_cancer": trees(x, y, **few)}
    out["trees"]["regularised"] = trees(x, y, **few, l2_regularization=5.0, max_bins=16, min_samples_leaf=5)
    row, column = np.indices(x.shape)
    missing = np.where((7 * row + 3 * column) % 11 == 0, np.nan, x)
    out["trees"]["missing"] = trees(missing, y, **few)
    x, y = load_wine(return_X_y=True)
    out["trees"]["wine"] = trees(x, y, max_iter=2, max_leaf_nodes=3)
    x, y = make(LARGE, 1)
    train, test = slice(0, 16_000), slice(16_000, None)
    out["trees"]["large"] = trees(x[train], y[train], max_iter=1, max_leaf_nodes=10)

    out["large"] = {}
    for name, model in (
        ("scikit-learn", HistGradientBoostingClassifier(early_stopping=False)),
        ("LightGBM", lightgbm.LGBMClassifier(n_jobs=2, verbose=-1)),
    ):
        model.fit(x[train], y[train])
        out["large"][name] = quality(y[test], model.predict_proba(x[test]), 3)
        print(name, out["large"][name], flush=True)
    (folder / "hist_boosting.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


main()
