"""Writes the data sets and scikit-learn's answers that the learners are tested against.

    python learners_make.py OUTPUT_FOLDER

Data sets: the copies of breast cancer Wisconsin (diagnostic), wine and digits that scikit-learn
ships. Test rows: index % 10 in {0, 3, 6}. Preprocessing as in raduet's pipeline: columns that are
constant over the training rows are dropped, the rest scaled by StandardScaler on training rows.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

TEST_REMAINDERS = (0, 3, 6)
SEEDS = range(8)
DIGIT_CODES = "0123456789abcdefg"

warnings.simplefilter("ignore", FutureWarning)


def data_text(name, x, y):
    """One row a line: the class, then the values; digits' pixels as one character each."""
    lines = []
    for row, label in zip(x, y):
        if name == "digits":
            values = "".join(DIGIT_CODES[int(v)] for v in row)
        else:
            values = " ".join(repr(float(v)) for v in row)
        lines.append(f"{label} {values}")
    return "\n".join(lines) + "\n"


def rounded(probabilities):
    return [[float(f"{p:.8g}") for p in row] for row in probabilities]


def labels(predicted):
    return "".join(str(int(label)) for label in predicted)


def answers(name, x, y):
    index = np.arange(len(y))
    test = np.isin(index % 10, TEST_REMAINDERS)
    varies = np.ptp(x[~test], axis=0) > 0
    scaler = StandardScaler().fit(x[~test][:, varies])
    x_train, x_test = scaler.transform(x[~test][:, varies]), scaler.transform(x[test][:, varies])
    y_train, y_test = y[~test], y[test]

    def fit(model):
        return model.fit(x_train, y_train)

    def over_seeds(make):
        models = [fit(make(seed)) for seed in SEEDS]
        return {
            "accuracies": [float(m.score(x_test, y_test)) for m in models],
            "mean_probabilities": rounded(np.mean([m.predict_proba(x_test) for m in models], axis=0)),
        }

    out = {
        "program": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
        "data": name,
        "test_rows": int(test.sum()),
        "columns_kept": int(varies.sum()),
        "gaussian_nb": {"probabilities": rounded(fit(GaussianNB()).predict_proba(x_test))},
        # Tolerance far below the default, so that the answer is the minimum of the objective.
        "logistic_regression": {
            "probabilities": rounded(
                fit(LogisticRegression(tol=1e-9, max_iter=100_000)).predict_proba(x_test)
            )
        },
        "k_neighbors": {
            "probabilities": rounded(fit(KNeighborsClassifier()).predict_proba(x_test))
        },
        "decision_tree": over_seeds(lambda seed: DecisionTreeClassifier(random_state=seed)),
        "random_forest": over_seeds(lambda seed: RandomForestClassifier(random_state=seed)),
        "gradient_boosting": over_seeds(
            lambda seed: GradientBoostingClassifier(random_state=seed)
        ),
        "svc": over_seeds(lambda seed: SVC(probability=True, random_state=seed)),
    }
    # Small enough that no tie is met, shown by all seeds agreeing: to be equalled exactly.
    for key, make in (
        ("decision_tree_depth_2", lambda s: DecisionTreeClassifier(max_depth=2, random_state=s)),
        ("decision_tree_depth_3", lambda s: DecisionTreeClassifier(max_depth=3, random_state=s)),
        (
            "gradient_boosting_depth_1",
            lambda s: GradientBoostingClassifier(n_estimators=20, max_depth=1, random_state=s),
        ),
        (
            "gradient_boosting_depth_2",
            lambda s: GradientBoostingClassifier(n_estimators=5, max_depth=2, random_state=s),
        ),
    ):
        runs = [fit(make(seed)).predict_proba(x_test) for seed in SEEDS]
        agree = all(np.abs(run - runs[0]).max() < 1e-9 for run in runs)
        print(name, key, "equal for all seeds" if agree else "seeds differ: left out")
        if agree:
            out[key] = {"probabilities": rounded(runs[0])}
    svc = fit(SVC(decision_function_shape="ovo"))
    out["svc"]["labels"] = labels(svc.predict(x_test))
    # Most probable class of each seed's calibration, to be compared with ours.
    proba = [fit(SVC(probability=True, random_state=s)).predict_proba(x_test) for s in SEEDS]
    out["svc"]["accuracies"] = [float((p.argmax(axis=1) == y_test).mean()) for p in proba]
    if name != "digits":
        decisions = svc.decision_function(x_test).reshape(len(y_test), -1)
        out["svc"]["decisions"] = rounded(decisions)
    else:
        for learner in ("decision_tree", "random_forest", "gradient_boosting", "svc"):
            del out[learner]["mean_probabilities"]
    return out


def main():
    folder = Path(sys.argv[1])
    for name, load in (
        ("breast_cancer", load_breast_cancer),
        ("wine", load_wine),
        ("digits", load_digits),
    ):
        x, y = load(return_X_y=True)
        (folder / f"learners_{name}.txt").write_text(data_text(name, x, y))
        text = json.dumps(answers(name, x, y), separators=(",", ":"))
        (folder / f"learners_{name}_answers.json").write_text(text + "\n")


main()
