"""Trains and asks raduet's networks and PyTorch's in turn, and prints images per second, ratios and memory.

usage: python networks.py BENCH GOLDEN REPEATS BATCH SIDE STEPS NETWORK ...
  BENCH    the program that `cargo bench --no-default-features --features deep --bench networks_peer --no-run`
           names in its last line
  GOLDEN   the folder of make_golden.py, whose plain PyTorch Vim, MedMamba and MambaVision are the peers of ours
Both sides use two threads, f32, the same batch of noise, AdamW with 1e-4 and weight decay 1e-5; each
measurement is a process of its own, the first step is outside the clock. `peak` is the process's largest
resident memory while training, `extra` what training added to it. Needs torch, torchvision and timm.
"""
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from torch_networks import CLASSES, network

THREADS = 2
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": str(THREADS), "RAYON_NUM_THREADS": str(THREADS)}


def resident(key):
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(key)).split()[1]) * 1024 / 1e6


def measure(golden, name, batch, side, steps):
    """Training and evaluation of a peer, as a JSON line."""
    import torch

    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    images = torch.rand(batch, 3, side, side) * 2 - 1
    labels = torch.arange(batch) % CLASSES
    model = network(name, golden, side).train()
    # Nothing is dropped on either side.
    for module in model.modules():
        for rate in ("p", "drop_prob"):
            if isinstance(getattr(module, rate, None), float):
                setattr(module, rate, 0.0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-5)
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    def clock(work):
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            last = work()
            times.append(batch / (time.perf_counter() - start))
        return times, last

    first = step()
    training, last = clock(step)
    peak = resident("VmHWM")
    model.eval()
    with torch.no_grad():
        evaluation, _ = clock(lambda: model(images))
    print(
        json.dumps(
            {
                "training": training,
                "evaluation": evaluation,
                "peak_mb": peak,
                "extra_mb": max(peak - before, 0),
                "loss": [first, last],
            }
        )
    )


def run(command):
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    bench, golden, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
    sizes, networks = sys.argv[4:7], sys.argv[7:]
    for name in networks:
        sides = {
            "raduet": [bench, name, *sizes],
            "pytorch": [sys.executable, __file__, "--measure", golden, name, *sizes],
        }
        found = {side: [] for side in sides}
        for _ in range(repeats):
            for side, command in sides.items():
                found[side].append(run(command))
        for side, runs in found.items():
            print(f"{name:22} {'x'.join(sizes[:2]):8} {side:8}", end="")
            for what in ("training", "evaluation"):
                rates = {s: [rate for r in rs for rate in r[what]] for s, rs in found.items()}
                middle, best = statistics.median(rates[side]), max(rates[side])
                print(f"  {what} {middle:8.2f} images/s (best {best:8.2f})", end="")
                if side == "raduet":
                    print(f" ratio {middle / statistics.median(rates['pytorch']):.2f}", end="")
            peak, extra = (min(r[key] for r in runs) for key in ("peak_mb", "extra_mb"))
            print(f"  peak {peak:.0f} MB (extra {extra:.0f} MB)", flush=True)


if sys.argv[1] == "--measure":
    measure(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:7]))
else:
    main()
