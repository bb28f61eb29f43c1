#!/usr/bin/env python3
"""Exports small models of our own under the names, axes, opsets and sidecars of every generation of anomalib and quadra.

    export_models.py PHOTOS OUTPUT [NAME...]

PHOTOS has train/good, test/good and test/cracked. Every model gets a folder in OUTPUT: model.onnx, the sidecar of its generation,
expected.json, what PyTorch gives for each photo of test/, reference.json, the same of some photos for AnomalyOnnxModel.Verify, and for
some models checkpoint.pt, a TorchScript file. OUTPUT/pixels holds what the inputs got (float32, little-endian, 3 x H x W).
Needs torch 1.13 or later, OpenCV, numpy and Pillow; no network, no GPU.
"""

import dataclasses
import functools
import hashlib
import json
import math
import os
import pathlib
import sys
import warnings

sys.path.append(str(pathlib.Path(__file__).parents[2] / "samples" / "python"))

import torch
import write_reference
from generations import OUTPUTS, is_anomalib2, is_prepared_by_caller, sidecar, write_onnx
from models import Gaussian, Nearest, Reconstruction
from stages import Antialiased, Export, InGraph, OpenCv, PostProcessor

CHECKPOINTS = ("07-nearest-crop", "20-gaussian", "quadra-nearest")
SQUARE, WIDE, CROP = (256, 256), (192, 320), (224, 224)


@dataclasses.dataclass
class Case:
    """One export. What is not said here follows from the generation."""

    generation: str  # 0.4, 0.7, 1.2, 2.0, 2.2, 2.6 or quadra
    model: str  # a key of MODELS
    size: tuple = SQUARE
    crop: tuple = None  # the centre that is left of it
    is_fixed: bool = False  # height and width, 1.2 and 2.x
    normalise: bool = True  # mean and deviation in the graph, 1.2 and 2.x
    cdf: bool = False  # thresholds on the scale of normalization_method: cdf, 0.x
    post: dict = dataclasses.field(default_factory=dict)  # of the post-processor, 2.x; None for no post-processor
    opset: int = None
    batch: int = None  # a fixed batch, quadra
    half: bool = False
    options: dict = dataclasses.field(default_factory=dict)  # of torch.onnx.export


CASES = {
    "04-gaussian": Case("0.4", "gaussian"),
    "07-gaussian": Case("0.7", "gaussian"),
    "07-gaussian-wide": Case("0.7", "gaussian", size=WIDE),
    "07-gaussian-cdf": Case("0.7", "gaussian", cdf=True),
    "07-nearest": Case("0.7", "nearest"),
    "07-nearest-crop": Case("0.7", "nearest", crop=CROP),
    "07-score": Case("0.7", "score"),
    "12-gaussian": Case("1.2", "gaussian"),
    "12-product-fixed": Case("1.2", "product", is_fixed=True),
    "12-nearest": Case("1.2", "nearest"),
    "12-nearest-fixed": Case("1.2", "nearest", is_fixed=True),
    "12-nearest-crop": Case("1.2", "nearest", crop=CROP),
    "20-gaussian": Case("2.0", "gaussian"),
    "20-nearest": Case("2.0", "nearest"),
    "20-nearest-crop": Case("2.0", "nearest", crop=CROP),
    "22-gaussian-fixed": Case("2.2", "gaussian", is_fixed=True),
    "22-gaussian-wide": Case("2.2", "gaussian", size=WIDE),
    "22-gaussian-sensitive": Case("2.2", "gaussian", post={"sensitivities": (0.8, 0.3)}),
    "22-gaussian-insensitive": Case("2.2", "gaussian", post={"sensitivities": (0.3, 0.8)}),
    "22-nearest-crop-fixed": Case("2.2", "nearest", crop=CROP, is_fixed=True),
    "22-score": Case("2.2", "score"),
    "22-product": Case("2.2", "product"),
    "22-map-and-score": Case("2.2", "map and score", normalise=False),
    "22-without-labels": Case("2.2", "gaussian", post={"labels": False}),
    "22-without-post-processor": Case("2.2", "gaussian", post=None),
    # Raw scores: labels at the raw thresholds; at 0.5, which is what the original's code compares with, fitted or not; at nothing.
    "22-raw": Case("2.2", "nearest", post={"normalise": False, "label_at": "thresholds"}),
    "22-raw-at-half": Case("2.2", "nearest", post={"normalise": False}),
    "22-never-fitted": Case("2.2", "nearest", post={"normalise": False, "label_at": (math.nan, math.nan)}),
    "26-gaussian": Case("2.6", "gaussian"),
    "26-nearest-crop": Case("2.6", "nearest", crop=CROP, opset=17),
    "26-unfolded": Case("2.6", "nearest", options={"do_constant_folding": False}),
    "26-weights-as-inputs": Case("2.6", "gaussian", options={"keep_initializers_as_inputs": True}),
    "quadra-gaussian": Case("quadra", "gaussian", size=CROP),
    "quadra-nearest": Case("quadra", "nearest", size=CROP),
    "quadra-half": Case("quadra", "nearest", size=CROP, half=True),
    "quadra-batch": Case("quadra", "gaussian", size=CROP, batch=2),
}

MODELS = {
    "gaussian": Gaussian,
    "nearest": Nearest,
    "score": lambda good, size: Reconstruction(good, "score"),
    "product": lambda good, size: Reconstruction(good, "product"),
    "map and score": lambda good, size: Reconstruction(good, "map and score"),
}


class Photos:
    """The photos, prepared once for each way of preparing."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.train = sorted(self.folder.glob("train/good/*"))
        self.test = sorted(self.folder.glob("test/good/*")) + sorted(self.folder.glob("test/cracked/*"))
        self.prepared = {}
        self.decoded = functools.cache(lambda path: write_reference.decode(path, turn=False))

    def pixels(self, preparation, paths):
        known = self.prepared.setdefault(preparation.name, {})
        for path in paths:
            if path not in known:
                known[path] = preparation.pixels(str(path))
        return torch.stack([known[path] for path in paths])


def threshold_between(scores, defects):
    """The score that separates best. As with anomalib's adaptive threshold it is one of the scores, so that a photo lies exactly at it."""
    def separation(threshold):
        found = scores >= threshold
        return (found & defects).sum() / defects.sum() - (found & ~defects).sum() / (~defects).sum()

    return max(scores.tolist(), key=separation)


def numbers_of(values, threshold):
    return {"threshold": threshold, "minimum": values.min().item(), "maximum": values.max().item()}


def post_processor(case, image, pixel):
    settings = dict(case.post)
    if settings.get("label_at") == "thresholds":
        settings["label_at"] = (image["threshold"], pixel["threshold"])
    return PostProcessor(image, pixel, **settings)


def decisions(post, scores, image, pixel):
    """Where images and pixels are decided, in raw units, and each photo's label; (None, None) where the labels compare with NaN."""
    thresholds = (image["threshold"], pixel["threshold"])
    if post is None or not post.labels:
        return thresholds, scores >= torch.tensor(image["threshold"])  # the caller's decision, in every generation by >=
    labels = post(scores, None)["pred_label"]
    if not post.normalise:
        return (post.label_at if math.isfinite(post.label_at[0]) else (None, None)), labels
    return tuple(numbers["threshold"] + (at - 0.5) * (numbers["maximum"] - numbers["minimum"])
                 for numbers, at in zip((image, pixel), post.label_at)), labels


@torch.no_grad()
def build(name, case, photos, output):
    if is_prepared_by_caller(case):
        preparation = OpenCv(case.size, "cubic" if case.generation == "quadra" else "linear", case.crop)
        in_graph, model_size = None, case.crop or case.size
    else:
        preparation = Antialiased(case.size)
        in_graph, model_size = InGraph(case.size, case.crop, case.normalise), None
    prepare = in_graph or torch.nn.Identity()
    torch.manual_seed(0)
    model = MODELS[case.model](prepare(photos.pixels(preparation, photos.train)), model_size).eval()

    pixels = photos.pixels(preparation, photos.test)
    prepared = prepare(pixels)
    maps, scores = model(prepared)
    scores = torch.amax(maps, dim=(1, 2, 3)) if scores is None else scores.reshape(-1)
    defects = torch.tensor([path.parent.name != "good" for path in photos.test])
    image = numbers_of(scores, threshold_between(scores, defects))
    # A classifier's pixel threshold is the default of its generation, and means nothing.
    pixel = numbers_of(scores, 0.5) if maps is None else numbers_of(maps, torch.quantile(maps[~defects], 0.995).item())
    if case.generation == "quadra":
        image["threshold"], pixel["threshold"] = round(image["threshold"], 3), round(pixel["threshold"], 3)

    post = post_processor(case, image, pixel) if is_anomalib2(case) and case.post is not None else None
    if post is not None:
        given = post(scores, maps)
    elif is_anomalib2(case) or case.generation == "quadra" or case.model == "nearest":
        given = ("anomaly_map", "pred_score")
    else:
        given = ("anomaly_map",) if maps is not None else ("pred_score",)
    names = [name for name in (OUTPUTS if is_anomalib2(case) else ("anomaly_map", "pred_score")) if name in given]

    folder = output / name
    folder.mkdir(parents=True, exist_ok=True)
    write_onnx(case, Export(model, in_graph, post, names, case.half).eval(), folder / "model.onnx")
    file, content = sidecar(case, image, pixel, maps, scores)
    if file:
        (folder / file).write_text(json.dumps(content, indent=4))

    (effective, effective_pixel), labels = decisions(post, scores, image, pixel)
    (folder / "expected.json").write_text(json.dumps({
        "about": "raw values; 'prepared' is the normalised tensor at row 100, column 100; 'pixels' is the folder of what the inputs got",
        "pixels": preparation.name,
        "photos": {
            "image_threshold": image["threshold"], "image_range": image["maximum"] - image["minimum"],
            "pixel_threshold": pixel["threshold"], "pixel_range": pixel["maximum"] - pixel["minimum"],
            "label_at": post.label_at[0] if post is not None and effective is not None else 0.5,
            "effective_image_threshold": effective, "effective_pixel_threshold": effective_pixel,
            "rows": [{
                "file": path.relative_to(photos.folder).as_posix(),
                "prepared": prepared[i, :, 100, 100].tolist(),
                "prepared_mean": prepared[i].mean().item(),
                "raw_score": scores[i].item(),
                "raw_map_maximum": None if maps is None else maps[i].max().item(),
                "raw_map_mean": None if maps is None else maps[i].mean().item(),
                "raw_map_at_100_100": None if maps is None else maps[i, 0, 100, 100].item(),
                "anomalous": labels[i].item(),
            } for i, path in enumerate(photos.test)],
        },
    }, indent=1))

    (folder / "reference.json").write_text(json.dumps({
        "format": "anomaly-reference", "version": 1,
        "model": {"sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()},
        "pictures": [write_reference.picture(
            os.path.relpath(path, folder), photos.decoded(path), pixels[i].numpy(), scores[i].item(),
            None if maps is None else maps[i, 0].numpy(), None if effective is None else labels[i].item())
            for i, path in list(enumerate(photos.test))[::4]],
    }))
    if name in CHECKPOINTS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            traced = torch.jit.trace(Export(model, in_graph, None, ["anomaly_map", "pred_score"]).eval(), pixels[:1], check_trace=False)
        traced.save(str(folder / "checkpoint.pt"))

    folder = output / "pixels" / preparation.name
    if not folder.exists():
        folder.mkdir(parents=True)
        for path, tensor in zip(photos.test, pixels):
            (folder / f"{path.stem}.f32").write_bytes(tensor.contiguous().numpy().astype("<f4").tobytes())


def main(photos, output, *names):
    torch.set_num_threads(2)
    photos, output = Photos(photos), pathlib.Path(output)
    for name in names or CASES:
        build(name, CASES[name], photos, output)
        print(name, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
