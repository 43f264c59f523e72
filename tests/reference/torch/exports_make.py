#!/usr/bin/env python3
"""Loads the files that Raduet exports into PyTorch's own networks, strictly, and writes down what they answer.

Usage: exports_make.py FOLDER_OF_MAKE_GOLDEN FOLDER OUTPUT_JSON
Needs torch, torchvision, timm, safetensors and `make_golden.py` of the bulk test data (folder `deep_golden`), for its images.
FOLDER holds NETWORK.LAYOUT.safetensors, written by the test `exports_load_in_torch` with RADUET_WRITE_EXPORTS=FOLDER (and
RADUET_FULL_TESTS=1 for the large ones).
"""
import json
import os
import sys
import zlib

import timm
import torch
import torchvision
from safetensors.torch import load_file

sys.path.insert(0, sys.argv[1])
import image_networks_make as image_networks
import make_golden as golden

SIDE, CELL, BATCH, TAG = 64, 16, 2, "A"
# The other program's network, where its name is not ours.
TIMM = {"mobilenet_v3_small": "mobilenetv3_small_100"}


def convnext_micro():
    return timm.models.convnext.ConvNeXt(num_classes=3, depths=(1, 1, 2, 1), dims=(16, 32, 48, 64))


def theirs(network, layout):
    if layout == "timm" and network == "convnext_micro":
        return convnext_micro()
    if network in image_networks.MICRO:
        return image_networks.MICRO[network]()
    if layout == "timm":
        return timm.create_model(TIMM.get(network, network), num_classes=3)
    return getattr(torchvision.models, network)(num_classes=3)


def main():
    folder, output = sys.argv[2:]
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
    for file in sorted(os.listdir(folder)):
        path = os.path.join(folder, file)
        network, layout, _ = file.split(".")
        model = theirs(network, layout)
        model.load_state_dict(load_file(path), strict=True)
        with torch.no_grad():
            logits = model.eval().double()(image)
        with open(path, "rb") as file:
            content = file.read()
        table["exports"].append(
            {
                "network": network,
                "layout": layout,
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
