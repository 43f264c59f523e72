"""Writes metrics_cases.csv and metrics_expected.csv beside this script.

Run with scikit-learn 1.9.1: python metrics_make.py OUTPUT_FOLDER
Every figure is scikit-learn's own, except those it does not have: specificity is read off its
multilabel_confusion_matrix; the calibration errors (15 bins, open below) and the share of answers at most one class
away are written out in numpy.
"""

import sys
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics as m

BINS = 15


def rows_to_one(raw):
    return raw / raw.sum(axis=1, keepdims=True)


def cases():
    rng = np.random.default_rng(20240607)

    def informed(truth, classes, strength):
        raw = rng.gamma(1.0, size=(len(truth), classes))
        raw[np.arange(len(truth)), truth] += strength * rng.gamma(1.0, size=len(truth))
        return rows_to_one(raw)

    truth = rng.integers(0, 3, 80)
    yield "random3", truth, informed(truth, 3, 1.0)
    truth = rng.choice(3, 120, p=[0.7, 0.2, 0.1])
    yield "unbalanced3", truth, informed(truth, 3, 0.5)
    truth = rng.integers(0, 2, 60)
    yield "random2", truth, informed(truth, 2, 1.0)
    truth = rng.integers(0, 5, 90)
    yield "random5", truth, informed(truth, 5, 2.0)
    # Tenths: many ties within a column and between columns, zeros given to the truth.
    truth = rng.integers(0, 3, 100)
    yield "ties3", truth, rng.multinomial(10, [0.4, 0.3, 0.3], size=100) / 10
    truth = rng.integers(0, 2, 50)
    yield "ties2", truth, rng.multinomial(4, [0.5, 0.5], size=50) / 4
    truth = rng.integers(0, 4, 60)
    yield "certain4", truth, np.eye(4)[np.where(rng.random(60) < 0.6, truth, rng.integers(0, 4, 60))]
    # A class that is never answered, and constant answers.
    truth = np.array([0, 1, 2, 2, 1, 0, 0, 1])
    yield "constant3", truth, np.tile([0.5, 0.3, 0.2], (8, 1))
    yield "perfect3", truth, np.eye(3)[truth] * 0.7 + 0.1


def calibration_error(truth, p):
    confidence = p.max(axis=1)
    right = p.argmax(axis=1) == truth
    error = 0.0
    for b in range(BINS):
        lower, upper = b / BINS, (b + 1) / BINS
        inside = (confidence > lower) & (confidence <= upper)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error


def classwise_calibration_error(truth, p):
    errors = []
    for k in range(p.shape[1]):
        error = 0.0
        for b in range(BINS):
            lower, upper = b / BINS, (b + 1) / BINS
            inside = (p[:, k] > lower) & (p[:, k] <= upper)
            if b == 0:
                inside |= p[:, k] == 0
            if inside.any():
                error += inside.mean() * abs((truth[inside] == k).mean() - p[inside, k].mean())
        errors.append(error)
    return np.mean(errors)


def average_precision(truth, p):
    if p.shape[1] == 2:
        return m.average_precision_score(truth, p[:, 1])
    return np.mean([m.average_precision_score(truth == k, p[:, k]) for k in range(p.shape[1])])


def figures(truth, p):
    classes = p.shape[1]
    labels = list(range(classes))
    answer = p.argmax(axis=1)
    yield "accuracy", m.accuracy_score(truth, answer)
    yield "balanced_accuracy", m.balanced_accuracy_score(truth, answer)
    counts = m.multilabel_confusion_matrix(truth, answer)
    specificity = counts[:, 0, 0] / (counts[:, 0, 0] + counts[:, 0, 1])
    support = counts[:, 1, 0] + counts[:, 1, 1]
    for average in ("macro", "weighted"):
        options = {"average": average, "zero_division": 0}
        yield f"precision_{average}", m.precision_score(truth, answer, **options)
        yield f"sensitivity_{average}", m.recall_score(truth, answer, **options)
        yield f"f1_{average}", m.f1_score(truth, answer, **options)
        weights = support if average == "weighted" else None
        yield f"specificity_{average}", np.average(specificity, weights=weights)
    yield "mcc", m.matthews_corrcoef(truth, answer)
    yield "kappa", m.cohen_kappa_score(truth, answer, labels=labels)
    yield "qwk", m.cohen_kappa_score(truth, answer, labels=labels, weights="quadratic")
    yield "stage_error", m.mean_absolute_error(truth, answer)
    of_class = [m.mean_absolute_error(truth[truth == k], answer[truth == k]) for k in np.unique(truth)]
    yield "stage_error_macro", np.mean(of_class)
    yield "within_one", np.mean(np.abs(truth - answer) <= 1)
    if classes == 2:
        area = m.roc_auc_score(truth, p[:, 1])
        yield "auc_ovr", area
        yield "auc_ovr_weighted", area
        yield "auc_hand_till", area
    else:
        yield "auc_ovr", m.roc_auc_score(truth, p, multi_class="ovr", average="macro")
        yield "auc_ovr_weighted", m.roc_auc_score(truth, p, multi_class="ovr", average="weighted")
        yield "auc_hand_till", m.roc_auc_score(truth, p, multi_class="ovo", average="macro")
    yield "average_precision", average_precision(truth, p)
    yield "log_loss", m.log_loss(truth, p, labels=labels)
    if classes == 2:
        yield "brier", m.brier_score_loss(truth, p[:, 1], scale_by_half=False)
    else:
        yield "brier", m.brier_score_loss(truth, p, labels=labels, scale_by_half=False)
    yield "ece", calibration_error(truth, p)
    yield "ece_classwise", classwise_calibration_error(truth, p)


def main():
    folder = Path(sys.argv[1])
    head = f"# scikit-learn {sklearn.__version__}, numpy {np.__version__}; made by metrics_make.py\n"
    with open(folder / "metrics_cases.csv", "w") as rows, open(folder / "metrics_expected.csv", "w") as expected:
        rows.write(head + "case,truth,probabilities\n")
        expected.write(head + "case,metric,value\n")
        for name, truth, p in cases():
            for t, row in zip(truth, p):
                rows.write(f"{name},{t}," + " ".join(repr(float(v)) for v in row) + "\n")
            for metric, value in figures(truth, p):
                expected.write(f"{name},{metric},{float(value)!r}\n")


if __name__ == "__main__":
    main()
