"""Times inflating alone: every file of a cohort through libdeflate on two threads.

usage: python inflate_only.py FOLDER THREADS     (needs the package `deflate`, a binding of libdeflate)
"""
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import deflate

paths = sorted(Path(sys.argv[1]).glob("*.nii.gz"))
threads = int(sys.argv[2])


def inflate(path):
    data = path.read_bytes()
    return len(deflate.gzip_decompress(data))


begin = time.perf_counter()
with ThreadPoolExecutor(threads) as pool:
    total = sum(pool.map(inflate, paths))
print(f"{time.perf_counter() - begin:.3f} s, {total / 1e6:.0f} MB")
