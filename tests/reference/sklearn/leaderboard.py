"""scikit-learn's leaderboard beside that of a finished run of `raduet train`, on the same folds.

    python leaderboard.py TABLE.csv RUN_FOLDER

Reads the run's `split.json` (training rows fit, test rows judge) and `predictions.csv`; each of scikit-learn's classifiers
with its defaults behind StandardScaler, columns without variation dropped. Prints accuracy and balanced accuracy over the
test patients of all folds, mean probability over a patient's rows.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

warnings.simplefilter("ignore")
SEED = 42
LEARNERS = {
    "decision_tree": DecisionTreeClassifier(random_state=SEED),
    "random_forest": RandomForestClassifier(random_state=SEED),
    "extra_trees": ExtraTreesClassifier(random_state=SEED),
    "k_neighbors": KNeighborsClassifier(),
    "gaussian_nb": GaussianNB(),
    "svc": SVC(probability=True, random_state=SEED),
    "logistic_regression": LogisticRegression(max_iter=10_000),
    "linear_discriminant": LinearDiscriminantAnalysis(),
    "quadratic_discriminant": QuadraticDiscriminantAnalysis(),
    "gradient_boosting": GradientBoostingClassifier(random_state=SEED),
    "hist_gradient_boosting": HistGradientBoostingClassifier(random_state=SEED, early_stopping=False),
}

table, run = pd.read_csv(sys.argv[1], dtype={"patient_id": str}), Path(sys.argv[2])
split = json.loads((run / "split.json").read_text())
features = table.drop(columns=[c for c in ("patient_id", "split", "label") if c in table]).to_numpy(float)
names = sorted(table["label"].astype(str).unique())
labels = table["label"].astype(str).map(names.index).to_numpy()
patients = table["patient_id"].to_numpy()


def judged(probabilities):
    """Accuracy and balanced accuracy of patients from (patient, truth, probabilities)."""
    frame = pd.DataFrame(probabilities, columns=["patient", "truth", *names])
    pooled = frame.groupby("patient").mean()
    truth, answer = pooled["truth"].to_numpy(int), pooled[names].to_numpy(float).argmax(axis=1)
    return (truth == answer).mean(), balanced_accuracy_score(truth, answer)


theirs = {}
for name, learner in LEARNERS.items():
    rows = []
    for fold in split["folds"]:
        part = np.array([fold.get(patient, "") for patient in patients])
        model = make_pipeline(VarianceThreshold(), StandardScaler(), learner)
        try:
            model.fit(features[part == "train"], labels[part == "train"])
            answers = model.predict_proba(features[part == "test"])
        except (ValueError, np.linalg.LinAlgError):
            # QuadraticDiscriminantAnalysis refuses a class whose covariance has not full rank.
            break
        rows += [
            (patient, truth, *answer)
            for patient, truth, answer in zip(patients[part == "test"], labels[part == "test"], answers)
        ]
    else:
        theirs[name] = judged(rows)

ours = {}
answers = pd.read_csv(run / "predictions.csv", dtype=str)
answers = answers[answers["Split"] == "test"]
for model, rows in answers.groupby("model", sort=False):
    columns = [rows[f"p_{name}"].astype(float) for name in names]
    truth = rows["y_true"].map(names.index)
    ours[model] = judged(list(zip(rows["PatientID"], truth, *columns)))

print(f"{'model':26} raduet acc  bal.acc   scikit-learn acc  bal.acc")
for model, (accuracy, balanced) in ours.items():
    other = theirs.get(model)
    text = f"{100 * other[0]:16.1f}  {100 * other[1]:7.1f}" if other else ""
    print(f"{model:26} {100 * accuracy:10.1f}  {100 * balanced:7.1f}   {text}")
