"""PyTorch's peers of raduet's networks: torchvision's and timm's, and for Vim, MedMamba and MambaVision the plain
PyTorch code of make_golden.py, whose folder is handed over."""
import sys

CLASSES = 3
TIMM = {"pvt_v2_b0", "pvt_v2_b2"}
# Their peers scan token by token, which takes seconds a step.
SCANS = ("vim", "medmamba", "mambavision")


def network(name, golden, side):
    """The peer of a network of ours, for images of `side` x `side` pixels."""
    import timm
    import torchvision

    if name in TIMM:
        return timm.create_model(name, num_classes=CLASSES)
    if hasattr(torchvision.models, name):
        return getattr(torchvision.models, name)(num_classes=CLASSES)
    sys.path.insert(0, golden)
    import make_golden as plain

    vim = {
        "vim_tiny": {"dim": 192, "depth": 24},
        "vim_small": {},
        "vim_micro": {"dim": 32, "depth": 2, "drop_path": 0.0},
    }
    if name in vim:
        return plain.Vim(img=side, **vim[name])
    if name in plain.MODELS:
        return plain.MODELS[name]()
    return plain.MICRO[name][0]()
