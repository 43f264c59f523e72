#!/usr/bin/env python3
"""Writes image_networks.json: small VGG, ResNet, ConvNeXt and PVTv2 networks, and two presets that the bulk tables lack.

Needs torch, torchvision, timm, numpy and `make_golden.py` of the bulk test data (folder `deep_golden`), whose filling,
images and training step it uses. Usage: image_networks_make.py FOLDER_OF_MAKE_GOLDEN
"""
import json, os, sys

import numpy as np
import timm
import torch
import torch.nn as nn
import torchvision
from timm.models.pvt_v2 import PyramidVisionTransformerV2
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.resnet import Bottleneck, ResNet
from torchvision.models.vgg import VGG, make_layers

sys.path.insert(0, sys.argv[1])
import make_golden as g


def vgg_micro():
    m = VGG(make_layers([16, "M", 32, "M", 32, 32, "M", 64, 64, "M", 64, 64, "M"]), num_classes=3)
    m.classifier = nn.Sequential(nn.Linear(64 * 49, 128), nn.ReLU(), nn.Dropout(), nn.Linear(128, 128), nn.ReLU(), nn.Dropout(),
                                 nn.Linear(128, 3))
    return m


def resnet_micro():
    m = ResNet(Bottleneck, [1, 1, 1, 1], num_classes=3)
    m.inplanes = 64
    for k, width in enumerate([8, 16, 32, 64]):
        setattr(m, f"layer{k + 1}", m._make_layer(Bottleneck, width, 1, stride=1 if k == 0 else 2))
    m.fc = nn.Linear(4 * 64, 3)
    return m


def convnext_micro():
    c = CNBlockConfig
    return ConvNeXt([c(16, 32, 1), c(32, 48, 1), c(48, 64, 2), c(64, None, 1)], num_classes=3)


def pvt_v2_micro():
    return PyramidVisionTransformerV2(depths=(1, 1, 1, 1), embed_dims=(16, 32, 48, 64), num_heads=(1, 2, 3, 4), num_classes=3)


MICRO = {"vgg_micro": vgg_micro, "resnet_micro": resnet_micro, "convnext_micro": convnext_micro, "pvt_v2_micro": pvt_v2_micro}
# Sides that are no multiple of 32, and the least.
FORWARD = [(n, make, s, c) for n, make in MICRO.items() for s, c in ((72, 8), (32, 16))] + [
    ("convnext_tiny", lambda: torchvision.models.convnext_tiny(num_classes=3), 64, 16),
    ("pvt_v2_b0", lambda: timm.create_model("pvt_v2_b0", num_classes=3), 64, 16)]


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
    out = {"made_with": {"torch": torch.__version__, "torchvision": torchvision.__version__, "timm": timm.__version__}, "models": [],
           "train_one_step": {}, "tensors": {}}
    for name, make, side, cell in FORWARD:
        m = g.fill(make())
        listing = g.listing(m)
        x = g.image("A", 2, side, cell)
        out["models"].append({"name": name, "params": listing["params"], "input": [2, 3, side, side], "input_tag": "A", "cell": cell,
                              "logits_f64": g.logits(m, x, torch.float64)})
        out["tensors"][name] = listing["tensors"]
    for name, make in MICRO.items():
        step = lambda dt: g.train_step(make, 64, dt, "train.A")
        f64 = step(torch.float64)
        out["train_one_step"][name] = {"input": [4, 3, 64, 64], "input_tag": "train.A", "cell": 16, "f64": f64,
                                       "noise": noise(step(torch.float32), f64)}
        print(name, out["train_one_step"][name]["noise"], f64["loss_before"], f64["loss_after"])
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "image_networks.json")
    json.dump(out, open(path, "w"), separators=(",", ":"))
    print(os.path.getsize(path))


if __name__ == "__main__":
    main()
