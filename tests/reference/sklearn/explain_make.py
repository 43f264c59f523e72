"""Writes scikit-learn's permutation importances, partial dependences and thresholds, and shap's linear values.

    python explain_make.py OUTPUT_FOLDER

Logistic regression at its minimum behind StandardScaler on wine and breast cancer, trained and tested on the
rows of `learners_make.py`. Permutations are raduet's (`study/src/random.rs`, written again below), handed to
scikit-learn in place of its generator; the log loss keeps probabilities 1 / (n + 2) off 0 as raduet's does.
"""

import json
import sys
from pathlib import Path

import numpy as np
import shap
import sklearn
import sklearn.inspection._permutation_importance as inner
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, precision_recall_curve, roc_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from seeded_table import GAMMA, WORD, mix_one

TEST_REMAINDERS = (0, 3, 6)
SEED = 11
REPEATS = 4


class Stream:
    """raduet's stream of a seed, a purpose and an index."""

    def __init__(self, seed, purpose, index):
        name = 0xCBF29CE484222325
        for byte in purpose.encode():
            name = ((name ^ byte) * 0x100000001B3) & WORD
        self.key = mix_one((mix_one(mix_one((seed + GAMMA) & WORD) ^ name) + index * GAMMA) & WORD)
        self.drawn = 0

    def below(self, bound):
        rejected = ((1 << 64) - bound) % bound
        while True:
            self.drawn += 1
            wide = mix_one((self.key + self.drawn * GAMMA) & WORD) * bound
            if (wide & WORD) >= rejected:
                return wide >> 64

    def shuffle(self, items):
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]


class Permutations:
    """Stands for scikit-learn's generator: it permutes what is permuted already, raduet starts anew."""

    def __init__(self, n):
        self.n, self.repeat, self.now = n, 0, np.arange(n)

    def shuffle(self, index):
        wanted = list(range(self.n))
        Stream(SEED, "permutation importance", self.repeat).shuffle(wanted)
        back = np.empty(self.n, dtype=int)
        back[self.now] = np.arange(self.n)
        index[:] = back[wanted]
        self.now = np.array(wanted)
        self.repeat += 1


def rounded(values):
    return [float(f"{v:.9g}") for v in np.ravel(values)]


def fitted(load):
    data = load()
    test = np.isin(np.arange(len(data.target)) % 10, TEST_REMAINDERS)
    x, y, x_test, y_test = data.data[~test], data.target[~test], data.data[test], data.target[test]
    model = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10, max_iter=100_000)).fit(x, y)
    return model, x, y, x_test, y_test


def importances():
    model, x, _, x_test, y_test = fitted(load_wine)
    order = np.lexsort(x_test.T[::-1])
    x_test, y_test = x_test[order], y_test[order]
    floor = 1 / (len(x) + 2)

    def gain_in_log_loss(estimator, rows, truth):
        p = estimator.predict_proba(rows)[np.arange(len(truth)), truth]
        return np.mean(np.log(np.maximum(p, floor)))

    # What scikit-learn hands to each column becomes a fresh run of raduet's permutations.
    inner.check_random_state = lambda _: Permutations(len(x_test))
    Permutations.randint = lambda *_: 0
    out = {}
    for name, scorer in (("log_loss", gain_in_log_loss), ("balanced_accuracy", "balanced_accuracy")):
        bunch = permutation_importance(model, x_test, y_test, scoring=scorer, n_repeats=REPEATS)
        call = sklearn.metrics.get_scorer(scorer) if isinstance(scorer, str) else scorer
        base = call(model, x_test, y_test)
        out[name] = {
            "baseline": float(f"{base:.9g}"),
            "mean": rounded(bunch.importances_mean),
            "sd": rounded(bunch.importances_std),
            "repeats": rounded(bunch.importances),
        }
    return out


def dependences():
    model, x, _, _, _ = fitted(load_wine)
    out = []
    for column, resolution in ((0, 10), (6, 10), (12, 7), (4, 60)):
        found = partial_dependence(
            model, x, [column], kind="both", method="brute", response_method="predict_proba",
            grid_resolution=resolution, percentiles=(0.05, 0.95),
        )
        out.append({
            "column": column,
            "resolution": resolution,
            "grid": rounded(found["grid_values"][0]),
            "average": rounded(found["average"].T),
            "third_row": rounded(found["individual"][:, 2, :].T),
        })
    return out


def shap_values():
    out = {}
    for name, load in (("wine", load_wine), ("breast_cancer", load_breast_cancer)):
        model, x, _, x_test, _ = fitted(load)
        scaler, logistic = model[0], model[1]
        masker = shap.maskers.Independent(scaler.transform(x), max_samples=len(x))
        explainer = shap.LinearExplainer(logistic, masker)
        values = np.asarray(explainer.shap_values(scaler.transform(x_test[:4])))
        if values.ndim == 2:
            values = values[:, :, None]
        out[name] = {
            "base": rounded(explainer.expected_value),
            "values": rounded(values.transpose(0, 2, 1)),
            "scores": rounded(model.decision_function(x_test[:4])),
        }
    return out


def cuts():
    rng = np.random.default_rng(3)
    y = (rng.random(120) < 0.25).astype(int)
    scores = np.round(1 / (1 + np.exp(-(rng.normal(size=120) + 1.4 * y - 1.2))), 3)
    fpr, tpr, at = roc_curve(y, scores, drop_intermediate=False)
    _, _, levels = precision_recall_curve(y, scores)
    f1 = [f1_score(y, scores >= level) for level in levels]
    kept = tpr >= 0.9
    return {
        "scores": scores.tolist(),
        "positive": y.tolist(),
        "youden": float(np.max(tpr - fpr)),
        "youden_at": float(at[np.argmax(tpr - fpr)]),
        "f1": float(np.max(f1)),
        "f1_at": float(levels[int(np.argmax(f1))]),
        "specificity_at_sensitivity": float(1 - np.min(fpr[kept])),
    }


def main():
    out = {
        "scikit-learn": sklearn.__version__,
        "shap": shap.__version__,
        "seed": SEED,
        "importances": importances(),
        "dependences": dependences(),
        "shap_values": shap_values(),
        "cuts": cuts(),
    }
    (Path(sys.argv[1]) / "explain.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
