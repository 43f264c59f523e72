#!/usr/bin/env python3
"""Selects the networks of this project from golden.json, the output of make_golden.py.

Usage: select_networks.py GOLDEN_JSON OUTPUT_JSON
Keeps the f64 numbers, every seventh gradient norm and every seventh running statistic.
"""
import json
import sys

NETWORKS = ["resnet18", "mobilenet_v3_small", "mobilenet_v3_small_167"]
STEP = 7


def thinned(table):
    return dict(list(table.items())[::STEP])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        golden = json.load(file)
    out = {"made_with": {k: golden["made_with"][k] for k in ("torch", "torchvision", "numpy")}}
    out["check_values"] = golden["check_values"]
    out["models"] = {}
    out["train_one_step"] = {}
    for name in NETWORKS:
        model = golden["models"][name]
        out["models"][name] = {
            k: model[k] for k in ("params", "input", "input_tag", "cell", "logits_f64")
        }
        step = golden["train_one_step"][name]
        numbers = dict(step["f64"])
        for table in ("grad_l2", "running_first3_after_1_forward"):
            numbers[table] = thinned(numbers[table])
        out["train_one_step"][name] = {
            "input": step["input"],
            "input_tag": step["input_tag"],
            "cell": step["cell"],
            "f64": numbers,
        }
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(out, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
