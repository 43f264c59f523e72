#!/usr/bin/env python3
"""Small files of weights as PyTorch writes them, and what is in them.

Usage: weights_make.py FOLDER OUTPUT_JSON
Needs torch and timm. Writes FOLDER/*.pth (a few kB each) and a JSON file with, for each, the wrappers around the
state dict and the bits (as f32) of every tensor in C order; and timm's rule for the first convolution.
"""
import argparse
import json
import os
import sys
from collections import OrderedDict

import numpy as np
import torch
from timm.models._manipulate import adapt_input_conv


def seeded(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator)


def bits(tensor):
    return tensor.detach().contiguous().float().numpy().reshape(-1).view(np.uint32).tolist()


def plain():
    base = seeded(6, 4, seed=1)
    return OrderedDict(
        [
            ("a.weight", seeded(2, 3, seed=2)),
            ("transposed", base.t()),
            ("part", base[1:4, 1:3]),
            ("repeated", seeded(3, seed=3).expand(1, 3)),
            ("tied", base),
            ("scalar", torch.tensor(2.5)),
            ("empty", torch.zeros(0, 3)),
            ("parameter", torch.nn.Parameter(seeded(5, seed=4))),
            ("num_batches_tracked", torch.tensor(7)),
        ]
    )


def types():
    numbers = seeded(9, seed=5)
    return {
        "f16": numbers.half(),
        "bf16": numbers.bfloat16(),
        "f32": numbers,
        "f64": numbers.double() / 3,
        "i8": torch.arange(-3, 3, dtype=torch.int8),
        "u8": torch.arange(6, dtype=torch.uint8),
        "i16": torch.arange(-3, 3, dtype=torch.int16),
        "i32": torch.arange(-3, 3, dtype=torch.int32),
        "i64": torch.arange(-3, 3, dtype=torch.int64),
        "bool": torch.tensor([True, False, True]),
    }


def module():
    torch.manual_seed(6)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Linear(4, 3)
    )
    return network.state_dict()


def training():
    """What a training program leaves behind: optimiser, arguments and averaged weights around the weights."""
    torch.manual_seed(7)
    network = torch.nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    state = network.state_dict()
    averaged = OrderedDict(("module." + k, v * 0.5) for k, v in state.items())
    return {
        "epoch": 3,
        "arch": "linear",
        "args": argparse.Namespace(lr=0.1, name="x", device=torch.device("cpu")),
        "state_dict": OrderedDict(("module." + k, v) for k, v in state.items()),
        "optimizer": optimiser.state_dict(),
        "state_dict_ema": averaged,
        "metric": 71.5,
    }


def main():
    folder, output = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    averaged = {k[7:]: v for k, v in training()["state_dict_ema"].items()}
    files = [
        ("plain.pth", plain(), {}, [], plain()),
        ("types.pth", types(), {}, [], types()),
        ("module_protocol4.pth", module(), {"pickle_protocol": 4}, [], module()),
        ("training.pth.tar", training(), {}, ["state_dict_ema", "module."], averaged),
        ("plain_old.pth", plain(), {"_use_new_zipfile_serialization": False}, [], plain()),
        (
            "training_old.pth",
            training(),
            {"_use_new_zipfile_serialization": False},
            ["state_dict_ema", "module."],
            averaged,
        ),
    ]
    table = {"made_with": {"torch": torch.__version__}, "files": {}}
    for name, content, options, unwrapped, tensors in files:
        torch.save(content, os.path.join(folder, name), **options)
        table["files"][name] = {
            "unwrapped": unwrapped,
            "tensors": {k: {"shape": list(v.shape), "bits": bits(v)} for k, v in tensors.items()},
        }
    kernels = seeded(2, 3, 2, 2, seed=8)
    table["adapt_input_conv"] = {
        "kernels": bits(kernels),
        "channels": {str(n): bits(adapt_input_conv(n, kernels.clone())) for n in (1, 2, 3, 4, 7)},
    }
    with open(output, "w", encoding="utf-8") as file:
        json.dump(table, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
