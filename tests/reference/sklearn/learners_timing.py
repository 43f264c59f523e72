"""Times scikit-learn on the table of `benches/learners.rs`: wall clock, best of several runs.

    OMP_NUM_THREADS=2 python learners_timing.py
"""

import time
import warnings

import numpy as np
import sklearn
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

warnings.simplefilter("ignore", FutureWarning)

ROWS, COLUMNS, CLASSES, INFORMATIVE, SHIFT = 600, 83, 3, 20, 0.3
RUNS = 5


def table():
    state = 2026

    def noise():
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 11) / 2**53

    x = np.empty((ROWS, COLUMNS))
    for row in range(ROWS):
        for column in range(COLUMNS):
            mean = SHIFT * (row % CLASSES) if column < INFORMATIVE else 0.0
            x[row, column] = mean + noise() + noise() - 1.0
    return x, np.arange(ROWS) % CLASSES


def best(task):
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


x, y = table()
print(f"scikit-learn {sklearn.__version__}, {ROWS} x {COLUMNS}, {CLASSES} classes; milliseconds")
for name, learner in (
    ("decision_tree", DecisionTreeClassifier(random_state=1)),
    ("random_forest", RandomForestClassifier(random_state=1, n_jobs=2)),
    ("random_forest, one thread", RandomForestClassifier(random_state=1)),
    ("k_neighbors", KNeighborsClassifier()),
    ("svc", SVC(probability=True, random_state=1)),
    ("gaussian_nb", GaussianNB()),
    ("logistic_regression", LogisticRegression()),
    ("logistic_regression, tol=1e-9", LogisticRegression(tol=1e-9, max_iter=10_000)),
    ("gradient_boosting", GradientBoostingClassifier(random_state=1)),
):
    pipeline = make_pipeline(StandardScaler(), learner)
    fit = best(lambda: pipeline.fit(x, y))
    predict = best(lambda: pipeline.predict_proba(x))
    print(f"{name:32} fit {fit:9.2f}  predict {predict:8.2f}")
