"""Shares of rows that count as fewer patients: tails and Clopper-Pearson intervals by scipy's beta distribution, which takes
numbers that are not whole. Run `python rows_make.py FOLDER`.
"""

import csv
import sys
from pathlib import Path

from scipy.special import betainc
from scipy.stats import beta

CASES = [(26, 36, 12, 50), (1, 7, 3, 20), (50, 101, 30, 45), (99, 100, 40, 90), (0, 9, 4, 30), (700, 1000, 333, 65)]

with Path(sys.argv[1], "rows.csv").open("w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["right", "rows", "patients", "percent", "p", "lower", "upper"])
    for right, rows, n, percent in CASES:
        x = right / rows * n
        p = betainc(x, n - x + 1, percent / 100) if x > 0 else 1.0
        lower = beta.ppf(0.025, x, n - x + 1) if x > 0 else 0.0
        upper = beta.ppf(0.975, x + 1, n - x)
        out.writerow([right, rows, n, percent, repr(float(p)), repr(float(lower)), repr(float(upper))])
