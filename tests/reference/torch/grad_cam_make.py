#!/usr/bin/env python3
"""Grad-CAM of filled networks by hooks and autograd, in f64.

Usage: grad_cam_make.py FOLDER_OF_MAKE_GOLDEN OUTPUT_JSON
Needs torch, torchvision, timm and `make_golden.py` of the bulk test data (folder `deep_golden`), for its weights, images and
state-space networks; the small ones come from the scripts beside this file. Two images, each asked about each class.
"""
import json
import sys

import timm
import torch
import torchvision

sys.path.insert(0, sys.argv[1])
import image_networks_make as image_networks
import make_golden as golden
import state_space_networks_make as state_space

SIDE, CELL, BATCH, TAG = 128, 32, 2, "A"
CLASSES = 3


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


def maps(model, module, grid, image, pick):
    """The feature map is what `pick` takes of what `module` gives."""
    found = []
    for c in range(CLASSES):
        kept = {}

        def forward_hook(_, __, output):
            kept["features"] = pick(output)
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
    output = sys.argv[2]
    image = torch.from_numpy(golden.image(TAG, BATCH, SIDE, CELL)).double()
    micro = image_networks.MICRO
    whole = lambda output: output
    # name: the network, the module whose output is its last feature map, how that lies, what to take of it
    networks = {
        "resnet18": (torchvision.models.resnet18(num_classes=3), lambda m: m.layer4, "image", whole),
        "mobilenet_v3_small": (
            torchvision.models.mobilenet_v3_small(num_classes=3),
            lambda m: m.features,
            "image",
            whole,
        ),
        "vgg_micro": (micro["vgg_micro"](), lambda m: m.features, "image", whole),
        "resnet_micro": (micro["resnet_micro"](), lambda m: m.layer4, "image", whole),
        "convnext_micro": (micro["convnext_micro"](), lambda m: m.features, "image", whole),
        "pvt_v2_micro": (micro["pvt_v2_micro"](), lambda m: m.stages[-1], "image", whole),
        # The residual in front of the last block.
        "vim_micro": (
            state_space.vim_micro(SIDE),
            lambda m: m.layers[-1],
            "middle_class_token",
            lambda output: output[1],
        ),
        "medmamba_micro": (
            state_space.medmamba_micro(SIDE),
            lambda m: m.layers[-1],
            "channels_last",
            whole,
        ),
        "mambavision_micro": (
            state_space.mambavision_micro(SIDE),
            lambda m: m.norm,
            "image",
            whole,
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
    for name, (model, module, grid, pick) in networks.items():
        model = golden.fill(model).double().eval()
        table["networks"][name] = {"maps": maps(model, module(model), grid, image, pick)}
    with open(output, "w", encoding="utf-8") as file:
        json.dump(table, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
