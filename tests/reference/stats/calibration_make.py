"""Calibration intercept and slope where ordinary programs run away: extreme and nearly separated probabilities.

Maximum likelihood with 60 digits by mpmath: the score equations are solved between bounds, the sandwich is written out with
matrices. Run `python calibration_make.py FOLDER`.
"""

import json
import random
import sys
from pathlib import Path

import mpmath as mp

mp.mp.dps = 60


def logit(p):
    p = min(max(mp.mpf(p), mp.mpf(1e-6)), mp.mpf(1 - 1e-6))
    return mp.log(p) - mp.log(1 - p)


def mu(z):
    return 1 / (1 + mp.exp(-z))


def falling(f, low, high):
    """The zero of a falling function by halving."""
    for _ in range(220):
        middle = (low + high) / 2
        if f(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def sandwich(design, residuals, weights, owners):
    k = len(design[0])
    h = mp.matrix(k, k)
    for row, w in zip(design, weights):
        for i in range(k):
            for j in range(k):
                h[i, j] += w * row[i] * row[j]
    sums = {}
    for row, r, owner in zip(design, residuals, owners):
        s = sums.setdefault(owner, [mp.mpf(0)] * k)
        for i in range(k):
            s[i] += r * row[i]
    m = mp.matrix(k, k)
    for s in sums.values():
        for i in range(k):
            for j in range(k):
                m[i, j] += s[i] * s[j]
    inverse = h ** -1
    v = inverse * m * inverse
    return [mp.sqrt(v[i, i]) for i in range(k)]


def fit(p, y, owners):
    x = [logit(v) for v in p]

    def intercept_at(b):
        return falling(lambda a: sum(t - mu(a + b * v) for t, v in zip(y, x)), mp.mpf(-20000), mp.mpf(20000))

    a = intercept_at(1)
    m = [mu(a + v) for v in x]
    error = sandwich([[1]] * len(x), [t - u for t, u in zip(y, m)], [u * (1 - u) for u in m], owners)
    large = [a, error[0]]

    def score(b):
        a = intercept_at(b)
        return sum(v * (t - mu(a + b * v)) for t, v in zip(y, x))

    b = falling(score, mp.mpf(-500), mp.mpf(500))
    a = intercept_at(b)
    m = [mu(a + b * v) for v in x]
    error = sandwich([[1, v] for v in x], [t - u for t, u in zip(y, m)], [u * (1 - u) for u in m], owners)
    return {
        "p": p,
        "y": y,
        "owner": owners,
        "intercept": [float(v) for v in large],
        "slope": [float(b), float(error[1])],
    }


def cases():
    draw = random.Random(7)
    # Certain, and as often wrong as right.
    sure = [0.0, 1.0, 1e-9, 1e-5, 0.99999, 1.0, 0.0, 0.5, 1.0, 0.0]
    yield fit(sure, [0, 1, 1, 0, 0, 0, 1, 1, 1, 0], list(range(10)))
    # Everybody told to be healthy: half are not.
    low = [10.0 ** draw.uniform(-8, -4) for _ in range(16)]
    yield fit(low, [draw.randrange(2) for _ in low], [i // 2 for i in range(16)])
    # Two cross by a hair, all others are apart.
    near = [0.1, 0.2, 0.3, 0.4, 0.5 + 1e-7, 0.5, 0.6, 0.7, 0.8, 0.9]
    yield fit(near, [0] * 5 + [1] * 5, list(range(10)))
    # The same the wrong way round, with two samples a patient.
    yield fit(near, [1] * 5 + [0] * 5, [i // 2 for i in range(10)])
    # Many that are never positive, at the very end of probability.
    rare = [0.0] * 30 + [1e-6, 0.2, 0.9]
    yield fit(rare, [0] * 30 + [1, 0, 1], list(range(33)))


if __name__ == "__main__":
    out = {"program": f"mpmath {mp.__version__}", "cases": list(cases())}
    Path(sys.argv[1], "calibration.json").write_text(json.dumps(out) + "\n")
