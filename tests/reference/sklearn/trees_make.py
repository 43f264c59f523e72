"""Writes scikit-learn's tree structures and forest accuracies that the tree learners are tested against.

    python trees_make.py structures TABLES_FOLDER > trees_structures.json
    python trees_make.py accuracies TABLES_FOLDER > trees_accuracies.json

Sets: breast cancer, wine and digits as in `learners_*.txt`, the tables of TABLES_FOLDER (numbers only go out), and
the large seeded table (first 16 000 rows). Values are rounded to single precision, which scikit-learn does anyway.

Structures: all rows (large: the training rows). Each column is multiplied by a power of two, so that no two of its
values are closer than scikit-learn's absolute tolerance of 1e-7. A tree is written in preorder: "column:threshold"
or "column:threshold<" where undefined values go left, "." for a leaf, and "?" for a node that another cut splits as
well as the chosen one (to a relative 1e-9): what lies below is not comparable. A cut between defined and undefined
values has the threshold "inf".

Accuracies: test rows are index % 10 in {0, 3, 6} (large: the last 4 000), ten seeds.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from seeded_table import LARGE, make

TABLES = [
    "acdc_5class_mri",
    "arita2018_glioma_idh_mri",
    "cirrmri_t1_pyradiomics",
    "crlm_ct",
    "hcc_tace_ct",
    "lgg_1p19q_mri",
    "meningioma_grade_mri",
    "song2020_prostate_mri",
    "toivonen2019_prostate_mri",
    "worc_liver_mri",
]
# Columns that are no features.
OTHER = {"patient_id", "label", "split"}

SETTINGS = {
    "default": {},
    "depth_4": {"max_depth": 4},
    "entropy": {"criterion": "entropy"},
    "leaf_5": {"min_samples_leaf": 5},
    "leaf_fraction": {"min_samples_leaf": 0.05, "min_samples_split": 0.2},
    "decrease": {"min_impurity_decrease": 0.01},
    "weights": {},
    "fraction_of_weight": {"min_weight_fraction_leaf": 0.04},
    "undefined": {},
    "undefined_leaf_5": {"min_samples_leaf": 5, "criterion": "entropy"},
    "ccp": {"min_samples_leaf": 0.1, "ccp_alpha": 0.01},
    "leaves_3": {"min_samples_leaf": 0.1, "max_leaf_nodes": 3},
}
ON_LARGE = ["default", "undefined_leaf_5"]
DEEPEST = {"large": 7}
# On the tables, for the time of the script.
ON_TABLES = ["default", "entropy", "leaf_5", "weights", "undefined", "ccp", "leaves_3"]


def sets(folder):
    for name, load in (("breast_cancer", load_breast_cancer), ("wine", load_wine), ("digits", load_digits)):
        data = load()
        yield name, data.data.astype(np.float32), data.target
    for name in TABLES:
        with (Path(folder) / f"{name}.csv").open() as file:
            rows = list(csv.DictReader(file))
        columns = [c for c in rows[0] if c not in OTHER]
        x = np.array([[float(row[c]) for c in columns] for row in rows])
        labels = sorted({row["label"] for row in rows})
        yield name, x.astype(np.float32), np.array([labels.index(row["label"]) for row in rows])
    x, y = make(LARGE, 1)
    yield "large", x.astype(np.float32), y


def spread(x):
    """Powers of two, one a column."""
    factors = np.ones(x.shape[1])
    for j in range(x.shape[1]):
        values = np.unique(x[:, j].astype(np.float64))
        values = values[~np.isnan(values)]
        if len(values) > 1:
            factors[j] = 2.0 ** np.ceil(np.log2(1e-3 / np.diff(values).min()))
    return factors


def summed(parts, criterion):
    """Impurity times weight of class weights, one row a side."""
    whole = parts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        if criterion == "entropy":
            terms = np.where(parts > 0, -parts * np.log2(parts / whole), 0.0)
            return terms.sum(axis=1)
        return (whole - (parts**2).sum(axis=1, keepdims=True) / whole)[:, 0]


def cuts(x, one_hot, learner, least_weight):
    """Summed impurities of all allowed cuts of a node."""
    least = learner.min_samples_leaf
    if isinstance(least, float):
        least = int(np.ceil(least * learner.rows_))
    rows, total = len(x), one_hot.sum(axis=0)
    place = np.arange(rows)[:, None]
    found = []
    for start in range(0, x.shape[1], 100):
        part = x[:, start : start + 100]
        order = np.argsort(part, axis=0, kind="stable")
        v = np.take_along_axis(part, order, axis=0)
        defined = (~np.isnan(part)).sum(axis=0)
        left = np.cumsum(one_hot[order], axis=0)
        # Between the value at a place and the next one; behind the last defined value if others are undefined.
        here = np.zeros(v.shape, dtype=bool)
        here[:-1] = v[1:] > v[:-1]
        behind = (place == defined - 1) & (defined < rows) & (defined > 0)
        ends = np.take_along_axis(left, np.maximum(defined - 1, 0)[None, :, None], axis=0)
        missing = total - np.where(defined[None, :, None] > 0, ends, 0.0)
        sides = [(left, place + 1, here | behind)]
        if (defined < rows).any():
            sides.append((left + missing, place + 1 + rows - defined, here & (defined < rows)))
        for left, count, at in sides:
            at = at & (count >= least) & (rows - count >= least)
            left = left[at]
            right = total - left
            good = (left.sum(axis=1) >= least_weight) & (right.sum(axis=1) >= least_weight)
            found.append(summed(left[good], learner.criterion) + summed(right[good], learner.criterion))
    return np.concatenate(found)


def structure(learner, x, y, weights, factors):
    """The tree in preorder, and how many nodes are tied."""
    tree = learner.tree_
    learner.rows_ = len(x)
    one_hot = np.zeros((len(y), y.max() + 1))
    one_hot[np.arange(len(y)), y] = weights
    least_weight = learner.min_weight_fraction_leaf * weights.sum()
    out, tied = [], 0
    waiting = [(0, np.arange(len(x)))]
    while waiting:
        node, rows = waiting.pop()
        left, right = tree.children_left[node], tree.children_right[node]
        if left < 0:
            out.append(".")
            continue
        scores = np.sort(cuts(x[rows], one_hot[rows], learner, least_weight))
        if len(scores) > 1 and scores[1] - scores[0] < 1e-9 * one_hot[rows].sum():
            out.append("?")
            tied += 1
            continue
        column, threshold = tree.feature[node], tree.threshold[node]
        missing_left = bool(tree.missing_go_to_left[node])
        text = "inf" if np.isinf(threshold) else f"{threshold / factors[column]:.10g}"
        out.append(f"{column}:{text}{'<' if missing_left else ''}")
        v = x[rows, column]
        goes_left = (v <= threshold) | (np.isnan(v) & missing_left)
        waiting.append((right, rows[~goes_left]))
        waiting.append((left, rows[goes_left]))
    return " ".join(out), tied


def structures(folder):
    all_sets = {}
    for name, x, y in sets(folder):
        x, y = (x[:16_000], y[:16_000]) if name == "large" else (x, y)
        factors = spread(x)
        x = (x.astype(np.float64) * factors).astype(np.float32)
        of_set = {}
        for key, settings in SETTINGS.items():
            if name == "large" and key not in ON_LARGE:
                continue
            if name in TABLES and key not in ON_TABLES:
                continue
            settings = dict(settings)
            if name in DEEPEST:
                settings["max_depth"] = DEEPEST[name]
            row, column = np.indices(x.shape)
            holes = (row * 31 + column * 17) % 10 == 0
            seen = np.where(holes, np.nan, x).astype(np.float32) if "undefined" in key else x
            weights = 0.25 * (1 + np.arange(len(y)) % 5) if key == "weights" else np.ones(len(y))

            def fit(**changed):
                learner = DecisionTreeClassifier(random_state=0, **{**settings, **changed})
                return learner.fit(seen, y, sample_weight=weights)

            # Below a tie other branches may grow, which change what is pruned or made first.
            tied = [fit(ccp_alpha=0.0)] if key == "ccp" else [fit(max_leaf_nodes=None)] if key == "leaves_3" else []
            if any(structure(tree, seen, y, weights, factors)[1] > 0 for tree in tied):
                continue
            text, _ = structure(fit(), seen, y, weights, factors)
            if text == "?":
                continue
            of_set[key] = {"settings": settings, "tree": text}
        all_sets[name] = of_set
        print(name, list(of_set), file=sys.stderr)
    return {"program": f"scikit-learn {sklearn.__version__}", "sets": all_sets}


FORESTS = {
    "random_forest": (RandomForestClassifier, {}),
    "extra_trees": (ExtraTreesClassifier, {}),
    "gradient_boosting": (GradientBoostingClassifier, {"n_estimators": 50, "subsample": 0.7, "max_features": "sqrt"}),
}
# Fewer trees on the large table, for the time of the test.
LARGE_TREES = {"random_forest": 10, "extra_trees": 10, "gradient_boosting": 10}


def accuracies(folder):
    all_sets = {}
    for name, x, y in sets(folder):
        index = np.arange(len(y))
        test = index >= 16_000 if name == "large" else np.isin(index % 10, (0, 3, 6))
        of_set = {}
        for key, (kind, settings) in FORESTS.items():
            settings = dict(settings)
            if name == "large":
                settings["n_estimators"] = LARGE_TREES[key]
            scores = [
                kind(random_state=seed, **settings).fit(x[~test], y[~test]).score(x[test], y[test])
                for seed in range(10)
            ]
            of_set[key] = {
                "settings": settings,
                "mean": round(float(np.mean(scores)), 6),
                "sd": round(float(np.std(scores, ddof=1)), 6),
            }
        all_sets[name] = of_set
        print(name, of_set, file=sys.stderr)
    return {"program": f"scikit-learn {sklearn.__version__}", "seeds": 10, "sets": all_sets}


if __name__ == "__main__":
    made = {"structures": structures, "accuracies": accuracies}[sys.argv[1]](sys.argv[2])
    json.dump(made, sys.stdout, indent=1)
    print()
