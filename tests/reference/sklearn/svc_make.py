"""scikit-learn's support vector machines: decisions, support counts, dual objectives.

    python svc_make.py OUTPUT_FOLDER TABLES_FOLDER

Rows: those of `learners_*.txt` beside this file, the real tables, and the seeded table `LARGE` (seed 1, its first
16 000 rows train). Test rows: index % 10 in 0, 3, 6. Columns without variation on the training rows are dropped,
the others standardised by them. Decisions are one-against-one, of at most `SHOWN` test rows; a two-class
decision is turned around, so that it is above zero for the first class everywhere. The dual objective is written
for two classes without weights.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.svm import SVC

from seeded_table import LARGE, make

SHOWN = 12
KERNELS = {
    "rbf": {},
    "linear": {"kernel": "linear"},
    "poly": {"kernel": "poly", "coef0": 0.5},
    "sigmoid": {"kernel": "sigmoid", "gamma": "auto"},
}
EXACT = {name: {**settings, "tol": 1e-7} for name, settings in KERNELS.items() if name != "sigmoid"}
FREE = {"rbf_without_shrinking": {"shrinking": False, "C": 10.0, "gamma": 0.02}}


def shipped(name):
    x, y = [], []
    for line in (Path(__file__).parent / f"learners_{name}.txt").read_text().splitlines():
        label, text = line.split(" ", 1)
        y.append(int(label))
        x.append([float(v) for v in text.split(" ")] if " " in text else [int(c, 17) for c in text])
    return np.array(x, dtype=float), np.array(y)


def real(folder, name):
    with open(Path(folder) / f"{name}.csv", newline="") as file:
        rows = list(csv.reader(file))
    label = rows[0].index("label")
    x = np.array([[float(v) for v in row[label + 1 :]] for row in rows[1:]])
    return x, np.unique([row[label] for row in rows[1:]], return_inverse=True)[1]


def standardised(x, train):
    mean, scale = x[train].mean(axis=0), x[train].std(axis=0)
    varies = x[train].max(axis=0) > x[train].min(axis=0)
    return (x[:, varies] - mean[varies]) / scale[varies]


def answer(x, y, train, shown, settings):
    machine = SVC(decision_function_shape="ovo", **settings).fit(x[train], y[train])
    two = len(machine.classes_) == 2
    decisions = machine.decision_function(x[shown]).reshape(len(shown), -1) * (-1 if two else 1)
    found = {
        "settings": settings,
        "decisions": [[float(f"{v:.9g}") for v in row] for row in decisions],
        "supports": [int(n) for n in machine.n_support_],
    }
    if two and "class_weight" not in settings:
        beta, vectors = machine.dual_coef_[0], machine.support_vectors_
        gram = pairwise_kernels(
            vectors,
            metric=machine.kernel,
            filter_params=True,
            gamma=machine._gamma,
            degree=machine.degree,
            coef0=machine.coef0,
        )
        found["objective"] = float(f"{0.5 * beta @ gram @ beta - np.abs(beta).sum():.10g}")
    return found


def cases(x, y, settings_of):
    test = np.isin(np.arange(len(y)) % 10, [0, 3, 6])
    train = np.flatnonzero(~test)
    x = standardised(x, train)
    shown = np.flatnonzero(test)[:SHOWN]
    return {name: answer(x, y, train, shown, s) for name, s in settings_of.items()}


def main(out, tables):
    balanced = {f"{name}_balanced": {**s, "class_weight": "balanced"} for name, s in KERNELS.items()}
    exact = {f"{name}_exact": s for name, s in EXACT.items()}
    every = {**KERNELS, **exact, **balanced, **FREE}
    some = {k: every[k] for k in ("rbf", "linear", "poly", "sigmoid", "rbf_balanced", "poly_exact")}
    answers = {"program": f"scikit-learn {sklearn.__version__}"}
    for name in ("wine", "breast_cancer"):
        answers[name] = cases(*shipped(name), every)
    answers["digits"] = cases(*shipped("digits"), {k: every[k] for k in ("rbf", "poly", "linear_balanced")})
    for name in ("cirrmri_t1_pyradiomics", "hcc_tace_ct", "song2020_prostate_mri", "acdc_5class_mri"):
        answers[name] = cases(*real(tables, name), some)
    x, y = make(LARGE, 1)
    train, shown = np.arange(16_000), np.arange(16_000, 16_000 + 4 * SHOWN)
    x = standardised(x, train)
    answers["large"] = {"rbf": answer(x, y, train, shown, KERNELS["rbf"])}
    (Path(out) / "svc_answers.json").write_text(compact(answers) + "\n")


def compact(answers):
    parts = []
    for name, cases in answers.items():
        if isinstance(cases, str):
            parts.append(f"{json.dumps(name)}: {json.dumps(cases)}")
            continue
        inner = ",\n  ".join(f"{json.dumps(case)}: {json.dumps(value)}" for case, value in cases.items())
        parts.append(f"{json.dumps(name)}: {{\n  {inner}\n }}")
    return "{\n " + ",\n ".join(parts) + "\n}"


if __name__ == "__main__":
    main(*sys.argv[1:])
