"""Runs raduet and PyRadiomics on the same files in turn and prints the ratios of the medians.

usage: python compare.py RADUET FOLDER JOB REPEATS
  RADUET  the program, built with --release
  FOLDER  holds `ten` (make_cohort.py) and `volumes` (make_volumes.py)
  JOB     slices | slices2 | inflate | small | large | filters | map
The environment needs PyRadiomics 3.0.1; `inflate` needs the package `deflate`. Whole commands are timed, reading and
writing included; for PyRadiomics its own start is left out.
"""
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

raduet, folder, job, repeats = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
here = Path(__file__).parent
out = Path(tempfile.mkdtemp())
LOG = "sigma: [1.0, 2.0, 3.0, 4.0, 5.0]"
(out / "filters.yaml").write_text("imageType:\n  LoG: {" + LOG + "}\n  Wavelet: {}\n")
slices = [raduet, "extract", str(folder / "ten"), "-q", "-o", str(out / "slices.csv")]
volume = lambda name: [raduet, "extract", str(folder / "volumes" / f"{name}.csv"), "--by", "case", "-q",
                       "-o", str(out / f"{name}.csv")]
peer = lambda script, *arguments: [sys.executable, str(here / script), *map(str, arguments)]
JOBS = {
    "slices": (slices + ["-j", "2"], peer("pyradiomics_slices.py", folder / "ten", 1, out / "p.csv")),
    "slices2": (slices + ["-j", "2"], peer("pyradiomics_slices.py", folder / "ten", 2, out / "p.csv")),
    "inflate": (slices + ["-j", "2"], peer("inflate_only.py", folder / "ten", 2)),
    "small": (volume("small") + ["-j", "2"], peer("pyradiomics_volumes.py", folder / "volumes", "small", 1)),
    "large": (volume("large") + ["-j", "2"], peer("pyradiomics_volumes.py", folder / "volumes", "large", 1)),
    "filters": (volume("small") + ["-j", "2", "-p", str(out / "filters.yaml")],
                peer("pyradiomics_volumes.py", folder / "volumes", "filters", 1)),
    "map": (None, peer("pyradiomics_volumes.py", folder / "volumes", "map", 1)),
}
ours, theirs = JOBS[job]


def timed(command):
    begin = time.perf_counter()
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    wall = time.perf_counter() - begin
    printed = re.search(r"([\d.]+) s", result.stdout)
    # The scripts print the seconds of their job; the program is timed from outside.
    return float(printed[1]) if printed and command[0] == sys.executable else wall


times = {"raduet": [], "peer": []}
for _ in range(repeats):
    if ours:
        times["raduet"].append(timed(ours))
    times["peer"].append(timed(theirs))
for name, found in times.items():
    if found:
        print(f"{name}: median {statistics.median(found):.3f} s, lowest {min(found):.3f} s of {len(found)}")
if ours:
    ratio = statistics.median(times["peer"]) / statistics.median(times["raduet"])
    print(f"{job}: peer / raduet = {ratio:.2f} (lowest times: {min(times['peer']) / min(times['raduet']):.2f})")
