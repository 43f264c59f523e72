#!/usr/bin/env python3
"""Loads the files that Raduet exports into PyTorch's own networks, strictly, and writes down what they answer.

Usage: exports_make.py MAKE_GOLDEN_PY FOLDER OUTPUT_JSON
Needs torch, torchvision, timm, safetensors. MAKE_GOLDEN_PY is `make_golden.py` of the bulk test data (folder
`deep_golden`), for its images. FOLDER holds NETWORK.LAYOUT.safetensors, written by the test `exports_load_in_torch` with
RADUET_WRITE_EXPORTS=FOLDER (for a new network, add an entry with its name and layout to OUTPUT_JSON first).
"""
import importlib.util
import json
import os
import sys
import zlib

import timm
import torch
import torchvision
from safetensors.torch import load_file

SIDE, CELL, BATCH, TAG = 64, 16, 2, "A"
# (network, layout, the other program's network, larger than everyday tests bear)
EXPORTS = [
    ("resnet18", "torchvision", "resnet18", False),
    ("resnet18", "timm", "resnet18", False),
    ("mobilenet_v3_small", "torchvision", "mobilenet_v3_small", False),
    ("mobilenet_v3_small", "timm", "mobilenetv3_small_100", False),
    ("resnet34", "torchvision", "resnet34", True),
    ("resnet50", "torchvision", "resnet50", True),
    ("resnet50", "timm", "resnet50", True),
    ("convnext_tiny", "torchvision", "convnext_tiny", True),
    ("convnext_tiny", "timm", "convnext_tiny", True),
    ("pvt_v2_b0", "timm", "pvt_v2_b0", False),
    ("vgg19", "torchvision", "vgg19", True),
    ("vgg19", "timm", "vgg19", True),
]


def theirs(layout, name):
    if layout == "timm":
        return timm.create_model(name, num_classes=3)
    return getattr(torchvision.models, name)(num_classes=3)


def main():
    golden_path, folder, output = sys.argv[1:]
    spec = importlib.util.spec_from_file_location("make_golden", golden_path)
    golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(golden)
    image = torch.from_numpy(golden.image(TAG, BATCH, SIDE, CELL)).double()
    table = {
        "made_with": {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "timm": timm.__version__,
        },
        "input": [BATCH, 3, SIDE, SIDE],
        "input_tag": TAG,
        "cell": CELL,
        "exports": [],
    }
    for network, layout, name, large in EXPORTS:
        path = os.path.join(folder, f"{network}.{layout}.safetensors")
        if not os.path.exists(path):
            print("no", path)
            continue
        model = theirs(layout, name)
        model.load_state_dict(load_file(path), strict=True)
        with torch.no_grad():
            logits = model.eval().double()(image)
        with open(path, "rb") as file:
            content = file.read()
        table["exports"].append(
            {
                "network": network,
                "layout": layout,
                "large": large,
                "length": len(content),
                "crc32": zlib.crc32(content),
                "logits_f64": logits.tolist(),
            }
        )
    with open(output, "w", encoding="utf-8") as file:
        json.dump(table, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
