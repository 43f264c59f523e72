"""Trains raduet's networks and PyTorch's on one NVIDIA GPU in turn, and prints images per second, ratios and memory.

usage: python networks_gpu.py PROGRAM GOLDEN REPEATS BATCH SIDE STEPS NETWORK ...
  PROGRAM  `training_speed`, built by `cargo build --release -p raduet-deep --features cuda --example training_speed`
           (docs/cuda.md); give `-` for PyTorch alone
  GOLDEN   the folder of make_golden.py, whose plain PyTorch Vim, MedMamba and MambaVision are the peers of ours
Both sides compute in bf16 with f32 weights (PyTorch: autocast, channels-last, eager), with the same batch of noise
on the device, cross-entropy, AdamW with 1e-4 and weight decay 1e-5 (PyTorch: its default, for-each form), and read
no loss before the end. A side trains all networks in one process; sides take turns. Warm-up (choice of
algorithms, compilation of kernels) is outside the clock. Peaks are what the allocators held in use at most.
Needs torch, torchvision and timm.
"""
import json
import statistics
import subprocess
import sys
import time

from torch_networks import CLASSES, SCANS, network

WARMUP = 3
# The plain scans of the peers take seconds a step: one step warms up, one is enough, and this many seconds are.
SECONDS = 6.0


def measure(golden, batch, side, steps, names):
    """A JSON line for every peer."""
    import torch

    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True
    for name in names:
        torch.cuda.empty_cache()
        images = (torch.rand(batch, 3, side, side) * 2 - 1).cuda().to(memory_format=torch.channels_last)
        labels = (torch.arange(batch) % CLASSES).cuda()
        try:
            model = network(name, golden, side).cuda().to(memory_format=torch.channels_last).train()
            optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-5)

            scans = name.startswith(SCANS)
            least = 1 if scans else steps

            def run(most):
                start = time.perf_counter()
                done = 0
                while done < most:
                    optimiser.zero_grad(set_to_none=True)
                    with torch.autocast("cuda", dtype=torch.bfloat16):
                        loss = torch.nn.functional.cross_entropy(model(images), labels)
                    loss.backward()
                    optimiser.step()
                    done += 1
                    if done >= least and time.perf_counter() - start > SECONDS:
                        break
                torch.cuda.synchronize()
                return done, time.perf_counter() - start, float(loss.detach())

            run(1 if scans else WARMUP)
            torch.cuda.reset_peak_memory_stats()
            done, seconds, loss = run(steps)
            found = {
                "network": name,
                "images_per_second": batch * done / seconds,
                "steps": done,
                "peak_bytes": torch.cuda.max_memory_allocated(),
                "loss": loss,
            }
        except (torch.cuda.OutOfMemoryError, RuntimeError, AttributeError, KeyError) as error:
            found = {"network": name, "error": str(error).splitlines()[0]}
        print(json.dumps(found), flush=True)
        model = optimiser = images = labels = None


def run(command):
    """The JSON lines of a side by network, shown as they come: a run that is cut short leaves what it had."""
    found = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as side:
        for line in side.stdout:
            if line.startswith("{"):
                print(line, end="", flush=True)
                network = json.loads(line)
                found[network["network"]] = network
    return found


def main():
    program, golden, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
    sizes, names = sys.argv[4:7], sys.argv[7:]
    sides = {"pytorch": [sys.executable, __file__, "--measure", golden, *sizes, *names]}
    if program != "-":
        sides = {"raduet": [program, ",".join(names), "cuda:0", *sizes, str(WARMUP)], **sides}
    found = {side: [] for side in sides}
    for _ in range(repeats):
        for side, command in sides.items():
            print(f"# {side}", flush=True)
            found[side].append(run(command))
    print(f"batch {sizes[0]}, {sizes[1]} x {sizes[1]}: images/s (median of {repeats}), peak MB")
    for name in names:
        rates, peaks = {}, {}
        for side, runs in found.items():
            lines = [r[name] for r in runs if "images_per_second" in r.get(name, {})]
            if lines:
                rates[side] = statistics.median(line["images_per_second"] for line in lines)
                peaks[side] = min(line["peak_bytes"] for line in lines) / 1e6
        row = "  ".join(f"{side} {rates[side]:9.1f} ({peaks[side]:.0f} MB)" for side in rates)
        ratio = f"  ratio {rates['raduet'] / rates['pytorch']:.2f}" if len(rates) == 2 else ""
        print(f"{name:22} {row}{ratio}", flush=True)


if sys.argv[1] == "--measure":
    measure(sys.argv[2], *map(int, sys.argv[3:6]), sys.argv[6:])
else:
    main()
