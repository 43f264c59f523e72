"""Writes what shap's TreeExplainer (path-dependent) says of scikit-learn's trees.

    python tree_shap_make.py OUTPUT_FOLDER

All rows learn, values are not scaled; rows 0, STEP, 2 STEP … are explained. Trees are small enough that no tie between
columns is met, so that ours are the same. Contributions: rows x classes x columns, of class shares (decision_tree)
or raw scores (the others; for two classes those of the second).
"""

import json
import sys
from pathlib import Path

import numpy as np
import shap
import sklearn
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeClassifier

STEP = 24
# A forest without chance: every row and column.
WHOLE = {"bootstrap": False, "max_features": None}
CASES = (
    ("decision_tree", "breast_cancer", DecisionTreeClassifier, {"max_depth": 2}),
    ("decision_tree", "wine", DecisionTreeClassifier, {"max_depth": 2}),
    ("gradient_boosting", "breast_cancer", GradientBoostingClassifier, {"n_estimators": 10, "max_depth": 1}),
    ("random_forest", "wine", RandomForestClassifier, WHOLE | {"n_estimators": 2, "max_depth": 2}),
    ("hist_gradient_boosting", "breast_cancer", HistGradientBoostingClassifier, {"max_iter": 3, "max_leaf_nodes": 6}),
    ("hist_gradient_boosting", "wine", HistGradientBoostingClassifier, {"max_iter": 2, "max_leaf_nodes": 3}),
)


def short(values):
    return [float(f"{v:.10g}") for v in np.asarray(values, dtype=float).ravel()]


def main():
    loads = {"wine": load_wine, "breast_cancer": load_breast_cancer}
    out = {"program": f"shap {shap.__version__}, scikit-learn {sklearn.__version__}", "cases": []}
    for learner, data, make, settings in CASES:
        x, y = loads[data](return_X_y=True)
        runs = []
        for seed in range(4):
            model = make(**settings, random_state=seed).fit(x, y)
            explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
            values = np.asarray(explainer.shap_values(x[::STEP]))
            # rows x columns, or rows x columns x classes.
            values = values[:, None, :] if values.ndim == 2 else values.transpose(0, 2, 1)
            runs.append((values, np.atleast_1d(explainer.expected_value)))
        agree = all(np.abs(run[0] - runs[0][0]).max() < 1e-9 for run in runs)
        print(learner, data, values.shape, "equal for all seeds" if agree else "seeds differ: left out")
        if agree:
            case = {"learner": learner, "data": data, "settings": settings}
            case |= {"expected": short(runs[0][1]), "values": short(runs[0][0])}
            out["cases"].append(case)
    text = json.dumps(out, separators=(",", ":"))
    (Path(sys.argv[1]) / "tree_shap.json").write_text(text + "\n")


main()
