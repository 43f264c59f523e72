#!/usr/bin/env python3
"""Writes interpolate.json: torch.nn.functional.interpolate of a grid of tokens, and timm's resizing of a position table whose
class token stands in the middle. Input number i is ((37 i) mod 101) / 50 - 1.

Needs torch and timm. Usage: interpolate_make.py
"""
import json, os

import timm
import torch
import torch.nn.functional as F
from timm.layers import resample_abs_pos_embed


def numbers(*shape):
    n = int(torch.tensor(shape).prod())
    return (((37 * torch.arange(n)) % 101).double() / 50 - 1).reshape(shape)


cases = []
for mode in ("bilinear", "bicubic"):
    for antialias in (False, True):
        for (h, w), to in (((4, 5), (7, 3)), ((3, 3), (6, 6)), ((9, 7), (4, 3)), ((1, 2), (3, 3)), ((5, 4), (5, 4))):
            x = numbers(2, h, w, 3).permute(0, 3, 1, 2)
            y = F.interpolate(x, size=to, mode=mode, align_corners=False, antialias=antialias)
            cases.append({"mode": mode, "antialias": antialias, "from": [h, w], "to": list(to),
                          "y": y.permute(0, 2, 3, 1).flatten().tolist()})

tables = []
for side, to in ((4, 6), (14, 5), (2, 4)):
    table = numbers(1, side * side + 1, 3)
    m = side * side // 2
    front = torch.cat([table[:, m : m + 1], table[:, :m], table[:, m + 1 :]], 1)
    y = resample_abs_pos_embed(front, (to, to), num_prefix_tokens=1)
    m = to * to // 2
    y = torch.cat([y[:, 1 : m + 1], y[:, :1], y[:, m + 1 :]], 1)
    tables.append({"from": side, "to": to, "y": y.flatten().tolist()})

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "interpolate.json")
json.dump({"made_with": {"torch": torch.__version__, "timm": timm.__version__}, "grids": cases, "tables": tables}, open(path, "w"),
          separators=(",", ":"))
print(os.path.getsize(path))
