"""The seeded tables of `testkit/src/tables.rs`, to the bit.

    from seeded_table import LARGE, WIDE, make
    x, y = make(LARGE, seed=1)

    python seeded_table.py        # prints a checksum of each, which a test of the testkit holds too
"""

import numpy as np

GAMMA = 0x9E3779B97F4A7C15
WORD = (1 << 64) - 1
LARGE = {"rows": 20_000, "columns": 107, "informative": 30, "redundant": 30, "classes": 3, "separation": 0.5}
WIDE = {**LARGE, "rows": 6000, "columns": 1000}


def mix_one(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


class Numbers:
    """SplitMix64 by index, for one purpose."""

    def __init__(self, seed, purpose):
        self.key = np.uint64(mix_one(mix_one(seed) ^ purpose))

    def unit(self, index):
        with np.errstate(over="ignore"):
            z = self.key + (np.asarray(index, dtype=np.uint64) + np.uint64(1)) * np.uint64(GAMMA)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z = z ^ (z >> np.uint64(31))
        return (z >> np.uint64(11)).astype(np.float64) / float(1 << 53)

    def spread(self, index):
        part = [self.unit(4 * np.asarray(index) + i) for i in range(4)]
        return (part[0] + part[1] + part[2] + part[3] - 2.0) * 1.7320508075688772

    def signed(self, index):
        return 2.0 * self.unit(index) - 1.0


def make(shape, seed):
    n, p, inner = shape["rows"], shape["columns"], shape["informative"]
    k, redundant = shape["classes"], shape["redundant"]
    classes, corners, maps, spreads, sums, noise = (Numbers(seed, i) for i in range(1, 7))
    row = np.arange(n)
    cluster = (classes.unit(3 * row) * (2 * k)).astype(np.int64)
    drawn = (classes.unit(3 * row + 2) * k).astype(np.int64)
    y = np.where(classes.unit(3 * row + 1) < 0.03, drawn, cluster % k)
    x = np.zeros((n, p))
    line = np.arange(inner)
    for i in range(inner):
        z = spreads.spread(row * inner + i)
        of_cluster = maps.signed(
            np.arange(2 * k)[:, None] * inner * inner + i * inner + line[None, :]
        )
        x[:, :inner] += z[:, None] * of_cluster[cluster]
    up = corners.unit(np.arange(2 * k)[:, None] * inner + line[None, :]) < 0.5
    x[:, :inner] += np.where(up, shape["separation"], -shape["separation"])[cluster]
    for i in range(inner):
        combine = sums.signed(i * redundant + np.arange(redundant))
        x[:, inner : inner + redundant] += x[:, i : i + 1] * combine[None, :]
    width = p - inner - redundant
    x[:, inner + redundant :] = noise.spread(row[:, None] * width + np.arange(width)[None, :])
    return x, y


def checksum(x, y):
    """FNV-1a of the values' bits and the classes, 64 bits at a time."""
    h = 0xCBF29CE484222325
    for word in list(x.ravel().view(np.uint64)) + list(y.astype(np.uint64)):
        h = ((h ^ int(word)) * 0x100000001B3) & WORD
    return h


if __name__ == "__main__":
    small = {"rows": 50, "columns": 12, "informative": 4, "redundant": 3, "classes": 3, "separation": 1.0}
    print(f"small, seed 7: {checksum(*make(small, 7)):#018x}")
