#!/usr/bin/env python3
"""Writes state_space_networks.json: small Vim, MedMamba and MambaVision networks at several sizes and through one training
step, and Vim-Ti, which the bulk table lacks.

Needs torch, torchvision, timm, numpy and `make_golden.py` of the bulk test data (folder `deep_golden`), whose networks,
filling, images and training step it uses. Usage: state_space_networks_make.py FOLDER_OF_MAKE_GOLDEN
"""
import json, os, sys

import numpy as np
import torch

sys.path.insert(0, sys.argv[1])
import make_golden as g


def vim_micro(side):
    return g.Vim(dim=32, depth=2, img=side, drop_path=0.0)


def medmamba_micro(side):
    return g.MedMamba(depths=(1, 1), dims=(16, 32), drop_path=0.0)


def mambavision_micro(side):
    return g.MambaVision((1, 1, 2, 2), 16, 8, win=(8, 8, 4, 2), heads=(1, 1, 2, 4), ls=1e-5, drop_path=0.0)


def vim_tiny(side):
    return g.Vim(dim=192, depth=24, img=side)


# Sides that patches, merged squares and windows do not divide, and small ones; with the mosaic's cell.
FORWARD = [("vim_micro", vim_micro, 72, 8), ("vim_micro", vim_micro, 32, 16), ("medmamba_micro", medmamba_micro, 44, 11),
           ("medmamba_micro", medmamba_micro, 32, 16), ("mambavision_micro", mambavision_micro, 72, 8),
           ("mambavision_micro", mambavision_micro, 32, 16), ("vim_tiny", vim_tiny, 64, 16)]
TRAIN = [("vim_micro", vim_micro, 64), ("medmamba_micro", medmamba_micro, 32), ("mambavision_micro", mambavision_micro, 64)]


def relative(a, b):
    a, b = np.array(a), np.array(b)
    return float(np.abs(a - b).max() / np.abs(b).max())


def noise(f32, f64):
    """How far the f32 run lies from the f64 run."""
    grads = [(f32["grad_l2"][k], v) for k, v in f64["grad_l2"].items()]
    top = max(v for _, v in grads)
    run = [(a, b) for k, v in f64["running_first3_after_1_forward"].items() for a, b in zip(f32["running_first3_after_1_forward"][k], v)]
    return {"logits": [relative(f32[k], f64[k]) for k in ("logits_train_before", "logits_eval_after")],
            "gradient": max(abs(a - b) / b for a, b in grads if b > 1e-6 * top),
            "running": max([abs(a - b) / max(1, abs(b)) for a, b in run], default=0.0)}


def main():
    torch.set_num_threads(2)
    out = {"made_with": {"torch": torch.__version__, "numpy": np.__version__}, "models": [], "train_one_step": {}, "tensors": {}}
    for name, make, side, cell in FORWARD:
        m = g.fill(make(side))
        listing = g.listing(m)
        x = g.image("A", 2, side, cell)
        out["models"].append({"name": name, "params": listing["params"], "input": [2, 3, side, side], "input_tag": "A", "cell": cell,
                              "logits_f64": g.logits(m, x, torch.float64)})
        if name != "vim_tiny":
            out["tensors"][name] = {"side": side, "tensors": listing["tensors"]}
    for name, make, side in TRAIN:
        step = lambda dt: g.train_step(lambda: make(side), side, dt, "train.A")
        f64 = step(torch.float64)
        out["train_one_step"][name] = {"input": [4, 3, side, side], "input_tag": "train.A", "cell": 16, "f64": f64,
                                       "noise": noise(step(torch.float32), f64)}
        print(name, out["train_one_step"][name]["noise"], f64["loss_before"], f64["loss_after"])
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "state_space_networks.json")
    json.dump(out, open(path, "w"), separators=(",", ":"))
    print(os.path.getsize(path))


if __name__ == "__main__":
    main()
