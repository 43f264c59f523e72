#!/usr/bin/env python3
"""Grad-CAM of filled networks by hooks and autograd, in f64.

Usage: grad_cam_make.py MAKE_GOLDEN_PY OUTPUT_JSON
Needs torch, torchvision, timm. MAKE_GOLDEN_PY is `make_golden.py` of the bulk test data (folder `deep_golden`), for its
weights, images and state-space networks. Two images, each asked about each class.
"""
import importlib.util
import json
import sys

import timm
import torch
import torchvision

SIDE, CELL, BATCH, TAG = 128, 32, 2, "A"
CLASSES = 3


def load(path):
    spec = importlib.util.spec_from_file_location("make_golden", path)
    golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(golden)
    return golden


def tokens(tensor, grid):
    """(N, P, C) of an image (N, C, H, W), of (N, H, W, C) or of tokens, and its rows and columns."""
    if grid == "image":
        return tensor.flatten(2).transpose(1, 2), tensor.shape[2:]
    if grid == "channels_last":
        return tensor.flatten(1, 2), tensor.shape[1:3]
    side = int((tensor.shape[1]) ** 0.5)
    middle = (tensor.shape[1] - 1) // 2
    if grid == "middle_class_token":
        tensor = torch.cat([tensor[:, :middle], tensor[:, middle + 1 :]], 1)
    return tensor, (side, side)


def maps(model, module, grid, image, before=False):
    """The feature map is what `module` gives, or with `before` what it is given."""
    found = []
    for c in range(CLASSES):
        kept = {}

        def forward_hook(_, inputs, output):
            kept["features"] = inputs[0] if before else output
            kept["features"].retain_grad()

        handle = module.register_forward_hook(forward_hook)
        logits = model(image.clone().requires_grad_())
        handle.remove()
        logits[:, c].sum().backward()
        features, (rows, columns) = tokens(kept["features"].detach(), grid)
        gradients, _ = tokens(kept["features"].grad, grid)
        values = torch.relu((features * gradients.mean(1, keepdim=True)).sum(-1))
        found.append({"class": c, "rows": rows, "columns": columns, "values": values.tolist()})
    return found


def main():
    golden_path, output = sys.argv[1:]
    golden = load(golden_path)
    image = torch.from_numpy(golden.image(TAG, BATCH, SIDE, CELL)).double()
    tv = torchvision.models
    # name: the network, the module whose output (or input) is its last feature map, how that lies
    networks = {
        "resnet18": (tv.resnet18(num_classes=3), lambda m: m.layer4, "image", False),
        "mobilenet_v3_small": (
            tv.mobilenet_v3_small(num_classes=3),
            lambda m: m.features,
            "image",
            False,
        ),
    }
    table = {
        "made_with": {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "timm": timm.__version__,
        },
        "input": [BATCH, 3, SIDE, SIDE],
        "input_tag": TAG,
        "cell": CELL,
        "networks": {},
    }
    for name, (model, module, grid, before) in networks.items():
        model = golden.fill(model).double().eval()
        table["networks"][name] = {"maps": maps(model, module(model), grid, image, before)}
    with open(output, "w", encoding="utf-8") as file:
        json.dump(table, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
