"""Writes scikit-learn's calibrations of given probabilities.

    python calibration_make.py OUTPUT_FOLDER

A frozen classifier that answers its input stands before `CalibratedClassifierCV(ensemble=False)`, so that
only the calibration is compared. The sigmoid reads log odds, kept 1 / (n + 2) off 0 and 1 as raduet does,
through `decision_function`; isotonic regression and temperature read `predict_proba`.
"""

import json
import sys
from pathlib import Path

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator


class Probabilities(ClassifierMixin, BaseEstimator):
    """Answers its input, which holds probabilities."""

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, x):
        return x

    def predict(self, x):
        return self.classes_[np.argmax(x, axis=1)]


class LogOdds(ClassifierMixin, BaseEstimator):
    """Answers the log odds of its input."""

    def __init__(self, floor=0.0):
        self.floor = floor

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, x):
        p = np.clip(x, self.floor, 1 - self.floor)
        odds = np.log(p / (1 - p))
        return odds[:, 1] if x.shape[1] == 2 else odds

    def predict(self, x):
        return self.classes_[np.argmax(x, axis=1)]


def rounded(values):
    return [float(f"{v:.10g}") for v in np.ravel(values)]


def probabilities(rng, n, k, y, sharpness):
    """Too sure of themselves, with ties and some zeros."""
    z = rng.normal(size=(n, k))
    z[np.arange(n), y] += 0.8
    p = np.exp(sharpness * z)
    p /= p.sum(axis=1, keepdims=True)
    p = np.round(p, 2)
    p[:, -1] = np.maximum(0, 1 - p[:, :-1].sum(axis=1))
    return np.round(p / p.sum(axis=1, keepdims=True), 10)


def case(seed, n, k, weighted):
    rng = np.random.default_rng(seed)
    y = rng.choice(k, size=n, p=np.arange(k, 0, -1) / (k * (k + 1) / 2))
    p = probabilities(rng, n, k, y, 2.0)
    new = probabilities(rng, 30, k, rng.choice(k, size=30), 3.0)
    weights = rng.integers(1, 4, size=n).astype(float) if weighted else None
    answers = {}
    for method in ("sigmoid", "isotonic", "temperature"):
        base = LogOdds(1 / (n + 2)) if method == "sigmoid" else Probabilities()
        base.fit(p, y)
        calibrated = CalibratedClassifierCV(FrozenEstimator(base), method=method, ensemble=False)
        calibrated.fit(p, y, sample_weight=weights)
        answers[method] = rounded(calibrated.predict_proba(new))
        inner = calibrated.calibrated_classifiers_[0].calibrators
        if method == "sigmoid":
            answers["sigmoid_parameters"] = rounded([[c.a_, c.b_] for c in inner])
        elif method == "isotonic":
            answers["isotonic_corners"] = [
                {"x": rounded(c.X_thresholds_), "y": rounded(c.y_thresholds_)} for c in inner
            ]
        else:
            answers["log_inverse_temperature"] = float(f"{np.log(inner[0].beta_):.10g}")
    return {
        "classes": k,
        "labels": y.tolist(),
        "probabilities": rounded(p),
        "weights": weights.tolist() if weighted else [1.0] * n,
        "new": rounded(new),
        "answers": answers,
    }


def main():
    cases = [case(1, 80, 2, False), case(2, 80, 2, True), case(3, 120, 3, False), case(4, 120, 4, True)]
    out = {"scikit-learn": sklearn.__version__, "cases": cases}
    (Path(sys.argv[1]) / "calibration.json").write_text(json.dumps(out, indent=None) + "\n")


if __name__ == "__main__":
    main()
