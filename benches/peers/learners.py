"""Fits and predicts with raduet's learners and others' in turn, and prints seconds, ratios, quality and memory.

usage: python learners.py BENCH TABLES REPEATS [LEARNER ...]
  BENCH    the program that `cargo bench --no-default-features --features learners --bench learners_peer --no-run`
           names in its last line
  TABLES   large | wide | large,wide
Both sides use two threads and the same standardised table, each measurement in a process of its own; reading and
scaling are outside the clock. Needs scikit-learn 1.9 and LightGBM 4.7. Each side waits as suits it: scikit-learn's
histogram boosting is many times slower on few cores unless OMP_WAIT_POLICY=passive, LightGBM is slower with it.
"""
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

THREADS = 2
SEED = 1
ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_CORE") and k != "OPENBLAS_L2_SIZE"},
    "OMP_WAIT_POLICY": "passive",
    "OMP_NUM_THREADS": str(THREADS),
    "OPENBLAS_NUM_THREADS": str(THREADS),
}
# Without it both sides refuse the tables, whose classes' covariances lack full rank.
REG_PARAM = 0.1
SETTINGS = {"quadratic_discriminant": {"reg_param": REG_PARAM}}
# Ours beside theirs; a learner may have several peers, and settings of its own.
PAIRS = {
    "decision_tree": ["decision_tree"],
    "random_forest": ["random_forest"],
    "extra_trees": ["extra_trees"],
    "gradient_boosting": ["gradient_boosting"],
    "hist_gradient_boosting": ["lightgbm", "hist_gradient_boosting"],
    "k_neighbors": ["k_neighbors"],
    "svc": ["svc"],
    "gaussian_nb": ["gaussian_nb"],
    "logistic_regression": ["logistic_regression"],
    "linear_discriminant": ["linear_discriminant"],
    "quadratic_discriminant": ["quadratic_discriminant"],
}


def peer(name):
    """The other program's learner with its default settings."""
    import warnings

    warnings.simplefilter("ignore")
    if name == "lightgbm":
        from lightgbm import LGBMClassifier

        return LGBMClassifier(n_jobs=THREADS, verbose=-1, random_state=SEED)
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
    )
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    return {
        "decision_tree": lambda: DecisionTreeClassifier(random_state=SEED),
        "random_forest": lambda: RandomForestClassifier(random_state=SEED, n_jobs=THREADS),
        "extra_trees": lambda: ExtraTreesClassifier(random_state=SEED, n_jobs=THREADS),
        "gradient_boosting": lambda: GradientBoostingClassifier(random_state=SEED),
        "hist_gradient_boosting": lambda: HistGradientBoostingClassifier(random_state=SEED, early_stopping=False),
        "k_neighbors": lambda: KNeighborsClassifier(n_jobs=THREADS),
        "svc": lambda: SVC(probability=True, random_state=SEED),
        "svc_plain": lambda: SVC(random_state=SEED),
        "gaussian_nb": lambda: GaussianNB(),
        "logistic_regression": lambda: LogisticRegression(),
        "linear_discriminant": lambda: LinearDiscriminantAnalysis(),
        "quadratic_discriminant": lambda: QuadraticDiscriminantAnalysis(reg_param=REG_PARAM),
    }[name]()


def measure(name, table):
    """One fit and one prediction of a peer, as a JSON line."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "tests/reference/sklearn"))
    import numpy as np
    import psutil
    import seeded_table
    from sklearn.metrics import accuracy_score, log_loss

    shape = {"large": seeded_table.LARGE, "wide": seeded_table.WIDE}[table]
    x, y = seeded_table.make(shape, SEED)
    cut = shape["rows"] * 4 // 5
    x = (x - x[:cut].mean(axis=0)) / x[:cut].std(axis=0)
    train, test = x[:cut].copy(), x[cut:].copy()
    del x
    learner = peer(name)
    # A small fit first: what is loaded or compiled once is not the learner's.
    try:
        peer(name).fit(train[:60], y[:60]).predict(test[:2])
    except np.linalg.LinAlgError:
        pass  # A quadratic discriminant refuses so few rows, after what is loaded was loaded.
    before = psutil.Process().memory_info().rss
    Path("/proc/self/clear_refs").write_text("5")
    start = time.perf_counter()
    learner.fit(train, y[:cut])
    fit = time.perf_counter() - start
    start = time.perf_counter()
    answer = learner.predict_proba(test) if hasattr(learner, "predict_proba") else learner.predict(test)
    predict = time.perf_counter() - start
    status = Path("/proc/self/status").read_text()
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024
    result = {"fit_s": fit, "predict_s": predict, "extra_mb": max(peak - before, 0) / 1e6}
    if answer.ndim == 2:
        result |= {"accuracy": accuracy_score(y[cut:], answer.argmax(axis=1)), "log_loss": log_loss(y[cut:], answer)}
    print(json.dumps(result))


def run(command):
    environment = {k: v for k, v in ENVIRONMENT.items() if k != "OMP_WAIT_POLICY" or "lightgbm" not in command}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    bench, tables, repeats, wanted = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3]), sys.argv[4:]
    for table in tables:
        for ours, peers in PAIRS.items():
            if wanted and ours not in wanted:
                continue
            settings = [json.dumps(SETTINGS[ours])] if ours in SETTINGS else []
            sides = {"raduet": [bench, ours, table, *settings]}
            sides |= {name: [sys.executable, __file__, "--measure", name, table] for name in peers}
            found = {name: [] for name in sides}
            for _ in range(repeats):
                for name, command in sides.items():
                    found[name].append(run(command))
            total = {n: [r["fit_s"] + r["predict_s"] for r in runs] for n, runs in found.items()}
            for name, runs in found.items():
                middle = statistics.median(total[name])
                best = runs[total[name].index(min(total[name]))]
                quality = " ".join(f"{k} {best[k]:.4f}" for k in ("accuracy", "log_loss") if k in best)
                ratio = "" if name == "raduet" else f"  peer / raduet {middle / statistics.median(total['raduet']):.2f}"
                print(
                    f"{table:5} {ours:22} {name:22} median {middle:8.3f} s  lowest {min(total[name]):8.3f} s"
                    f" (fit {best['fit_s']:.3f}, predict {best['predict_s']:.3f})"
                    f"  {quality}  memory {best['extra_mb']:.0f} MB{ratio}",
                    flush=True,
                )


if sys.argv[1] == "--measure":
    measure(sys.argv[2], sys.argv[3])
else:
    main()
