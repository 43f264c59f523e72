"""Schedules, losses and optimisers of PyTorch, in f64, as numbers for the deep arm's tests.

Run: python training_make.py > training.json
"""

import json
import math

import torch
from torch import nn
from torch.optim import lr_scheduler as sched

torch.set_default_dtype(torch.float64)


def rates(settings, per_epoch):
    """Learning rates of every step, PyTorch's schedulers stepped after each batch."""
    eta, epochs = settings["learning_rate"], settings["epochs"]
    s = settings["schedule"]
    warm = s.get("warmup_epochs", 0) * per_epoch
    steps = epochs * per_epoch
    opt = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=eta)

    def main():
        if s["kind"] in ("constant", "plateau"):
            return sched.ConstantLR(opt, factor=1.0, total_iters=1)
        if s["kind"] == "cosine":
            return sched.CosineAnnealingLR(opt, T_max=steps - warm, eta_min=s.get("least_rate", 0.0))
        if s["kind"] == "step":
            return sched.StepLR(opt, step_size=s["step_epochs"] * per_epoch, gamma=s["step_factor"])
        return sched.OneCycleLR(opt, max_lr=eta, total_steps=steps, pct_start=s.get("rise", 0.3),
                                div_factor=s.get("start_divisor", 25.0),
                                final_div_factor=s.get("end_divisor", 1e4))

    if warm:
        linear = sched.LinearLR(opt, start_factor=s["warmup_start"], end_factor=1.0, total_iters=warm)
        scheduler = sched.SequentialLR(opt, [linear, main()], milestones=[warm])
    else:
        scheduler = main()
    out = []
    for step in range(steps):
        out.append(opt.param_groups[0]["lr"])
        opt.step()
        if step + 1 < steps:
            scheduler.step()
    return out


def schedules():
    cases = [
        ({"kind": "constant", "warmup_epochs": 2, "warmup_start": 0.1}, 4, 5, 1e-3),
        ({"kind": "plateau", "warmup_epochs": 1, "warmup_start": 0.01}, 3, 4, 1e-4),
        ({"kind": "cosine"}, 6, 3, 0.1),
        ({"kind": "cosine", "warmup_epochs": 2, "warmup_start": 0.01, "least_rate": 1e-5}, 6, 7, 1e-3),
        ({"kind": "step", "step_epochs": 2, "step_factor": 0.1}, 7, 3, 0.1),
        ({"kind": "step", "step_epochs": 2, "step_factor": 0.5, "warmup_epochs": 1, "warmup_start": 0.5}, 6, 4, 0.1),
        ({"kind": "one_cycle"}, 5, 4, 0.1),
        ({"kind": "one_cycle", "rise": 0.25, "start_divisor": 10.0, "end_divisor": 100.0}, 3, 9, 0.01),
    ]
    out = []
    for schedule, epochs, per_epoch, eta in cases:
        settings = {"epochs": epochs, "learning_rate": eta, "schedule": schedule}
        out.append({"settings": settings, "steps_per_epoch": per_epoch, "rates": rates(settings, per_epoch)})
    return out


def plateau():
    """ReduceLROnPlateau over losses."""
    losses = [1.0, 0.9, 0.95, 0.89999, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5, 0.5, 0.5, 0.50001, 0.2, 0.3, 0.3, 0.3, 0.3]
    opt = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    s = sched.ReduceLROnPlateau(opt, factor=0.3, patience=2)
    out = []
    for loss in losses:
        s.step(loss)
        out.append(opt.param_groups[0]["lr"])
    return {"rate": 0.1, "factor": 0.3, "patience": 2, "losses": losses, "rates": out}


def losses():
    n, k = 5, 4
    logits = torch.tensor([[math.sin(1.7 * i + 2.3 * j) * 3.0 for j in range(k)] for i in range(n)])
    logits = logits.to(torch.float32).to(torch.float64)
    labels = torch.tensor([0, 3, 1, 2, 2])
    partners = torch.tensor([4, 2, 3, 0, 1])
    weights = torch.tensor([0.5, 1.0, 2.0, 1.5])
    own = 0.7
    out = []
    for weighted in (False, True):
        for smoothing in (0.0, 0.1):
            for focal in (0.0, 0.5, 2.0):
                for mixed in (False, True):
                    x = logits.clone().requires_grad_(True)
                    w = weights if weighted else None

                    def part(target):
                        """(sum of terms, sum of weights)"""
                        if focal == 0.0:
                            total = nn.functional.cross_entropy(x, target, weight=w, label_smoothing=smoothing,
                                                                reduction="none").sum()
                        else:
                            # Lin et al., arXiv 1708.02002, term by term of the smoothed target.
                            log_p = x.log_softmax(1)
                            q = torch.full((n, k), smoothing / k)
                            q[torch.arange(n), target] += 1.0 - smoothing
                            terms = q * (1.0 - log_p.exp()) ** focal * -log_p
                            total = (terms * (weights if weighted else 1.0)).sum()
                        return total, (w[target].sum() if weighted else torch.tensor(float(n)))

                    a, wa = part(labels)
                    if mixed:
                        b, wb = part(labels[partners])
                        loss = (own * a + (1 - own) * b) / (own * wa + (1 - own) * wb)
                    else:
                        loss = a / wa
                        if focal == 0.0:
                            mean = nn.functional.cross_entropy(x, labels, weight=w, label_smoothing=smoothing)
                            assert abs(loss.item() - mean.item()) < 1e-12
                    loss.backward()
                    out.append({"weighted": weighted, "smoothing": smoothing, "focal": focal, "mixed": mixed,
                                "loss": loss.item(), "gradient": x.grad.flatten().tolist()})
    return {"logits": logits.flatten().tolist(), "labels": labels.tolist(), "partners": partners.tolist(),
            "weights": weights.tolist(), "own": own, "cases": out}


def optimisers():
    start = [[1.0, -0.5, 2.0, 0.1], [0.25, -3.0]]
    steps = 6
    grads = [[[math.sin(3.1 * t + 1.3 * i + 0.7 * p) * (2.0 if t == 2 else 1.0) for i in range(len(v))]
              for p, v in enumerate(start)] for t in range(steps)]
    grads = [[torch.tensor(g).to(torch.float32).to(torch.float64).tolist() for g in t] for t in grads]
    rates_ = [0.01, 0.02, 0.02, 0.015, 0.005, 0.0025]
    decay = 0.1
    out = []
    for kind, momentum, nesterov, clip in [("adamw", 0, False, None), ("adamw", 0, False, 1.0),
                                           ("sgd", 0.0, False, None), ("sgd", 0.9, False, None),
                                           ("sgd", 0.9, True, None), ("sgd", 0.9, True, 1.0)]:
        ps = [nn.Parameter(torch.tensor(v)) for v in start]
        # The second parameter does not decay and learns three times as fast.
        groups = [{"params": [ps[0]], "weight_decay": decay}, {"params": [ps[1]], "weight_decay": 0.0}]
        if kind == "adamw":
            opt = torch.optim.AdamW(groups, lr=1.0)
        else:
            opt = torch.optim.SGD(groups, lr=1.0, momentum=momentum, nesterov=nesterov)
        after, norms = [], []
        for t in range(steps):
            for p, g in zip(ps, grads[t]):
                p.grad = torch.tensor(g)
            norm = nn.utils.clip_grad_norm_(ps, clip if clip else math.inf)
            norms.append(norm.item())
            opt.param_groups[0]["lr"] = rates_[t]
            opt.param_groups[1]["lr"] = 3.0 * rates_[t]
            opt.step()
            after.append([p.detach().tolist() for p in ps])
        out.append({"kind": kind, "momentum": momentum, "nesterov": nesterov, "clip": clip, "after": after,
                    "norms": norms})
    return {"start": start, "gradients": grads, "rates": rates_, "decay": decay, "cases": out}


print(json.dumps({"torch": torch.__version__, "schedules": schedules(), "plateau": plateau(), "losses": losses(),
                  "optimisers": optimisers()}))
