"""Answers of scikit-learn's logistic regression, neighbours, naive Bayes and discriminants.

    python linear_make.py FOLDER_WITH_REAL_TABLES [others]

writes linear_answers.json beside itself; with `others` it keeps the logistic regressions that stand there, which
take most of the time. Naive Bayes and neighbours, closed forms, are written to the last bit. Columns are standardised on the training rows after those
without variation were dropped. Logistic regressions are accepted only at the minimum: the largest
component of their smallest subgradient is computed here and written down.
"""

import csv
import json
import os
import sys
import warnings

import numpy as np
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from seeded_table import LARGE, make

HERE = os.path.dirname(os.path.abspath(__file__))
TABLES = sys.argv[1]
SHOWN = 20


def pixels(text):
    return [float(v) for v in text.split(" ")] if " " in text else [float(int(c, 17)) for c in text]


def data(name):
    if name == "large":
        x, y = make(LARGE, 1)
        test = np.arange(len(y)) >= 16_000
    elif os.path.exists(f"{HERE}/learners_{name}.txt"):
        lines = [line.rstrip("\n").split(" ", 1) for line in open(f"{HERE}/learners_{name}.txt")]
        y = np.array([int(a) for a, _ in lines])
        x = np.array([pixels(b) for _, b in lines])
        test = np.isin(np.arange(len(y)) % 10, [0, 3, 6])
    else:
        rows = list(csv.reader(open(f"{TABLES}/{name}.csv")))
        keep = [i for i, c in enumerate(rows[0]) if c not in ("patient_id", "label", "split")]
        label = rows[0].index("label")
        names = sorted({r[label] for r in rows[1:]})
        y = np.array([names.index(r[label]) for r in rows[1:]])
        x = np.array([[float(r[i]) for i in keep] for r in rows[1:]])
        test = np.isin(np.arange(len(y)) % 10, [0, 3, 6])
    a, b = x[~test], x[test]
    keep = a.min(0) < a.max(0)
    a, b = a[:, keep], b[:, keep]
    mean, std = a.mean(0), a.std(0)
    return (a - mean) / std, y[~test], (b - mean) / std


def violation(m, x, y, w, c, l1):
    """Largest component of the smallest subgradient of the summed objective."""
    k = len(m.classes_)
    z = x @ m.coef_.T + m.intercept_
    if k == 2:
        r = w[:, None] * (1 / (1 + np.exp(-z)) - (y == m.classes_[1])[:, None])
    else:
        e = np.exp(z - z.max(1, keepdims=True))
        r = w[:, None] * (e / e.sum(1, keepdims=True) - (y[:, None] == m.classes_[None, :]))
    s = 0.0 if np.isinf(c) else 1 / c
    g = r.T @ x + (1 - l1) * s * m.coef_
    t = l1 * s
    zero = m.coef_ == 0
    v = np.where(zero, np.maximum(np.abs(g) - t, 0), np.abs(g + t * np.sign(m.coef_)))
    b = np.abs(r.sum(0)).max() if m.fit_intercept else 0.0
    return max(v.max(), b)


def weights_of(n, wanted):
    return 1.0 + np.arange(n) % 3 if wanted else np.ones(n)


def digits(a, count=10):
    return [[float(f"{v:.{count}g}") for v in row] for row in np.atleast_2d(a)]


ONLY_OTHERS = sys.argv[2:] == ["others"]
# Learners whose answers are sums of a few terms, with all their digits.
EXACT = ("gaussian_nb", "k_neighbors")
kept = []
if ONLY_OTHERS:
    with open(os.path.join(HERE, "linear_answers.json")) as f:
        kept = [a for a in json.load(f)["answers"] if a["learner"] == "logistic_regression"]
answers = []


def add(table, learner, settings, m, x, y, z, weights=False, **more):
    w = weights_of(len(y), weights)
    if weights:
        m.fit(x, y, sample_weight=w)
    else:
        m.fit(x, y)
    answer = {"table": table, "learner": learner, "settings": settings, "weights": weights}
    if learner == "logistic_regression":
        c = m.C
        v = violation(m, x, y, w, c, settings.get("l1_ratio", 0.0))
        answer["violation"] = float(f"{v:.2g}")
        print(table, settings, weights, "violation", v, "iterations", m.n_iter_, flush=True)
        if v > 1e-5:
            print("not at the minimum: left out", flush=True)
            return
        if more.get("coefficients", True) and m.coef_.size < 700:
            answer["coefficients"] = digits(m.coef_)
            answer["intercepts"] = digits(m.intercept_)[0]
    else:
        print(table, learner, settings, flush=True)
    answer["probabilities"] = digits(m.predict_proba(z[:SHOWN]), 17 if learner in EXACT else 10)
    answers.append(answer)


def logistic(l1_ratio=0.0, c=1.0, **kw):
    if l1_ratio == 0.0 or np.isinf(c):
        return LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=1000, **kw)
    return LogisticRegression(
        C=c, l1_ratio=l1_ratio, solver="saga", tol=1e-13, max_iter=int(os.environ.get("EPOCHS", 20_000)), random_state=0, **kw
    )


def settings(c=1.0, l1_ratio=0.0, fit_intercept=True):
    out = {}
    if c != 1.0:
        out["C"] = "inf" if np.isinf(c) else c
    if l1_ratio:
        out["l1_ratio"] = l1_ratio
    if not fit_intercept:
        out["fit_intercept"] = False
    return out


def linear(table, x, y, z, cases):
    if ONLY_OTHERS:
        answers.extend(a for a in kept if a["table"] == table and a not in answers)
        return
    for c, l1, intercept, weights in cases:
        add(
            table,
            "logistic_regression",
            settings(c, l1, intercept),
            logistic(l1, c, fit_intercept=intercept),
            x, y, z, weights,
        )


def others(table, x, y, z, distant=True):
    k = len(np.unique(y))
    priors = list(np.arange(1, k + 1) / (k * (k + 1) / 2))
    add(table, "gaussian_nb", {}, GaussianNB(), x, y, z)
    add(table, "gaussian_nb", {}, GaussianNB(), x, y, z, weights=True)
    s = {"priors": priors, "var_smoothing": 0.01}
    add(table, "gaussian_nb", s, GaussianNB(**s), x, y, z)
    for s in (
        {"n_neighbors": 5},
        {"n_neighbors": 7, "weights": "distance"},
        {"n_neighbors": 7, "weights": "distance", "metric": "manhattan"},
        {"n_neighbors": 4, "weights": "distance", "metric": "chebyshev"},
        {"n_neighbors": 6, "weights": "distance", "metric": "minkowski", "p": 3.0},
        {"n_neighbors": 9, "weights": "distance", "metric": "cosine"},
    ):
        # Trees compare by differences, as we do; the cosine has brute force only.
        algorithm = "brute" if s.get("metric") == "cosine" else "kd_tree"
        add(table, "k_neighbors", s, KNeighborsClassifier(algorithm=algorithm, **s), x, y, z)
    for s in (
        {},
        {"priors": priors},
        {"solver": "lsqr", "shrinkage": "auto"},
        {"solver": "lsqr", "shrinkage": 0.3},
        {"solver": "eigen", "shrinkage": "auto"},
        {"solver": "eigen", "shrinkage": 0.05, "priors": priors},
    ):
        add(table, "linear_discriminant", s, LinearDiscriminantAnalysis(**s), x, y, z)
    for s in (
        {},
        {"reg_param": 0.1},
        {"reg_param": 0.4, "priors": priors},
        {"solver": "eigen", "shrinkage": 0.2},
        {"solver": "eigen", "shrinkage": "auto"},
    ):
        try:
            add(table, "quadratic_discriminant", s, QuadraticDiscriminantAnalysis(**s), x, y, z)
        except np.linalg.LinAlgError:
            answers.append({"table": table, "learner": "quadratic_discriminant", "settings": s, "weights": False, "refused": True})


warnings.simplefilter("ignore")
I = np.inf
for table in ("wine", "breast_cancer", "digits"):
    x, y, z = data(table)
    cases = [
        (1.0, 0.0, True, False),
        (0.01, 0.0, True, True),
        (3.0, 0.0, False, False),
        (0.02 if table == "digits" else 0.1, 1.0, True, False),
        (0.02 if table == "digits" else 0.3, 0.5, True, table != "digits"),
        (0.02 if table == "digits" else 0.1, 0.2, False, False),
    ]
    linear(table, x, y, z, cases)
    others(table, x, y, z)
for table in ("cirrmri_t1_pyradiomics", "acdc_5class_mri", "hcc_tace_ct", "song2020_prostate_mri", "worc_liver_mri"):
    x, y, z = data(table)
    cases = [(1.0, 0.0, True, False), (0.01, 0.0, True, True), (0.02, 1.0, True, False), (0.05, 0.5, True, True)]
    linear(table, x, y, z, cases)
    others(table, x, y, z)
x, y, z = data("large")
linear("large", x, y, z, [(1.0, 0.0, True, False), (I, 0.0, True, False), (1e-4, 0.0, True, True)])
os.environ["EPOCHS"] = "3000"
linear("large", x, y, z, [(0.002, 0.5, True, False), (0.002, 1.0, True, True)])
others("large", x, y, z)

out = {"program": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}", "answers": answers}
with open(os.path.join(HERE, "linear_answers.json"), "w") as f:
    f.write(json.dumps(out, separators=(",", ":")).replace('{"table"', '\n{"table"') + "\n")
