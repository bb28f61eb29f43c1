#!/usr/bin/env python3
"""Writes down what Python sees of photos at each stage on their way to a score, for AnomalyOnnxModel.Verify to compare with.

    write_reference.py model.onnx PHOTOS [--output reference.json] [--torch checkpoint.pt] [...]

PHOTOS is a folder, looked through with its subfolders. The model runs in onnxruntime or, with --torch, as a TorchScript file (the
checkpoint that model.onnx was exported from, fed with what the export's input gets). How photos are prepared is read from model.json
(quadra) or metadata.json (anomalib 0.x) beside the model, and can be said with options; otherwise it is torchvision's antialiased
Resize, 0..1.

Needs numpy and Pillow, onnxruntime or torch, and onnx only to get behind a score that the model itself clips to 0..1. The schema of the
file stands in the documentation of AnomalyOnnxModel.Verify; whoever prepares photos otherwise calls picture() with arrays of their own.
"""

import argparse
import functools
import hashlib
import json
import os
import pathlib

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp"}


def decode(path, turn):
    """Red, green and blue, height x width x 3 bytes. OpenCV turns photos as their EXIF orientation says, Pillow doesn't by itself."""
    photo = Image.open(path)
    return np.asarray((ImageOps.exif_transpose(photo) if turn else photo).convert("RGB"))


@functools.cache
def weights(source, target, method, antialias):
    """What each of `target` pixels takes from `source` ones: bilinear or bicubic, half-pixel centres."""
    a = -0.5 if antialias else -0.75
    stretch = max(source / target, 1.0) if antialias else 1.0
    places = (np.arange(target) + 0.5) * source / target - 0.5
    matrix = np.zeros((target, source))
    reach = int(np.ceil((2 if method == "cubic" else 1) * stretch)) + 1
    for row, place in enumerate(places):
        for pixel in range(int(np.floor(place)) - reach, int(np.floor(place)) + reach + 2):
            x = abs(pixel - place) / stretch
            if method == "linear":
                weight = max(0.0, 1 - x)
            elif x < 1:
                weight = ((a + 2) * x - (a + 3)) * x * x + 1
            else:
                weight = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a if x < 2 else 0.0
            if not antialias:
                matrix[row, min(max(pixel, 0), source - 1)] += weight  # the border goes on
            elif 0 <= pixel < source:
                matrix[row, pixel] += weight  # the border is left out
    return matrix / matrix.sum(1, keepdims=True)


def prepare(rgb, settings):
    """What the model's input gets, 3 x height x width."""
    height, width = settings["size"]
    down, across = (weights(old, new, settings["method"], settings["antialias"]) for old, new in zip(rgb.shape[:2], (height, width)))
    resized = np.tensordot(across, np.tensordot(down, rgb.astype(np.float64), (1, 0)), (1, 1)).transpose(1, 0, 2)
    if settings["bytes"]:
        resized = np.clip(np.floor(resized + 0.5), 0, 255)
    if settings["crop"]:
        top, left = (int(round((old - new) / 2)) for old, new in zip((height, width), settings["crop"]))
        resized = resized[top : top + settings["crop"][0], left : left + settings["crop"][1]]
    normalised = (resized / 255 - np.array(settings["mean"])) / np.array(settings["std"])
    return np.ascontiguousarray(normalised.transpose(2, 0, 1), dtype=np.float32)


class OnnxRunner:
    def __init__(self, path):
        import onnxruntime

        self.session = onnxruntime.InferenceSession(self.unclipped(path), providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        shape = self.input.shape
        self.size = tuple(shape[2:]) if all(isinstance(side, int) for side in shape[2:]) else None

    @staticmethod
    def unclipped(path):
        """anomalib 2 exports Clip(Add(Div(Sub(raw, threshold), range), 0.5)); the raw values become outputs of their own."""
        try:
            import onnx
        except ImportError:
            return path
        model = onnx.load(path)
        made_by = {name: node for node in model.graph.node for name in node.output}
        for output in ("pred_score", "anomaly_map"):
            name = output
            for operation in ("Clip", "Add", "Div", "Sub"):
                node = made_by.get(name)
                name = node.input[0] if node is not None and node.op_type == operation else None
            if name:
                model.graph.node.append(onnx.helper.make_node("Identity", [name], [f"raw_{output}"]))
                model.graph.output.append(onnx.helper.make_tensor_value_info(f"raw_{output}", onnx.TensorProto.FLOAT, None))
        return model.SerializeToString()

    def __call__(self, tensor):
        dtype = np.float16 if "float16" in self.input.type else np.float32
        names = [output.name for output in self.session.get_outputs()]
        values = dict(zip(names, self.session.run(None, {self.input.name: tensor[None].astype(dtype)})))
        return arrange(values)


class TorchRunner:
    size = None  # a TorchScript file doesn't tell

    def __init__(self, path):
        import torch

        self.torch, self.module = torch, torch.jit.load(path, map_location="cpu").eval()

    def __call__(self, tensor):
        with self.torch.no_grad():
            values = self.module(self.torch.from_numpy(tensor)[None])
        values = values if isinstance(values, (tuple, list)) else [values]
        return arrange({str(i): value.numpy() for i, value in enumerate(values)})


def arrange(values):
    """Score, map and label by their names or, where those say nothing, by type and rank; a map alone gives its maximum for a score."""
    maps = [value for name, value in values.items() if value.ndim == 4 and value.dtype != bool]
    scores = [value for name, value in values.items() if value.ndim < 3 and value.dtype != bool]
    labels = [value for name, value in values.items() if value.ndim < 3 and value.dtype == bool]
    found_map = values.get("raw_anomaly_map", maps[0] if maps else None)
    found_score = values.get("raw_pred_score", scores[0] if scores else None)
    return (float(np.max(found_map) if found_score is None else np.ravel(found_score)[0]),
            None if found_map is None else np.asarray(found_map, dtype=np.float32).reshape(found_map.shape[-2:]),
            bool(np.ravel(labels[0])[0]) if labels else None)


def places(length, count=4):
    return [int((i + 0.5) * length / count) for i in range(count)]


def picture(file, rgb=None, prepared=None, score=None, anomaly_map=None, anomalous=None):
    """One entry of the file; every stage may be left out."""
    entry = {"file": file}
    if rgb is not None:
        entry["decoded"] = {"height": rgb.shape[0], "width": rgb.shape[1], "sha256": hashlib.sha256(rgb.tobytes()).hexdigest(),
                            "values": [[y, x, *map(int, rgb[y, x])] for y in places(rgb.shape[0]) for x in places(rgb.shape[1])]}
    if prepared is not None:
        channels, height, width = prepared.shape
        entry["prepared"] = {"shape": [channels, height, width],
                             "means": [float(channel.mean(dtype=np.float64)) for channel in prepared],
                             "values": [[c, y, x, float(prepared[c, y, x])]
                                        for c in range(channels) for y in places(height) for x in places(width)]}
    if score is not None:
        entry["score"] = float(score)
    if anomaly_map is not None:
        height, width = anomaly_map.shape
        entry["map"] = {"height": height, "width": width, "minimum": float(anomaly_map.min()), "maximum": float(anomaly_map.max()),
                        "mean": float(anomaly_map.mean(dtype=np.float64)),
                        "values": [[y, x, float(anomaly_map[y, x])] for y in places(height) for x in places(width)]}
    if anomalous is not None:
        entry["anomalous"] = bool(anomalous)
    return entry


def settings_of(model, arguments, size):
    """How photos are prepared, from the options, from what lies beside the model, and from what is usual."""
    settings = {"size": size or (256, 256), "crop": None, "method": "linear", "antialias": True, "bytes": False,
                "mean": [0, 0, 0], "std": [1, 1, 1], "turn": False, "threshold": None}
    opencv = {"antialias": False, "bytes": True, "turn": True}
    for name in ("model.json", "metadata.json"):
        sidecar = model.with_name(name)
        content = json.loads(sidecar.read_text()) if sidecar.exists() else {}
        settings["threshold"] = content.get("image_threshold", settings["threshold"])
        if "input_size" in content:
            settings |= opencv | {"method": "cubic", "size": content["input_size"][0][1:], "mean": content["mean"], "std": content["std"]}
        for step in content.get("transform", {}).get("transform", {}).get("transforms", []):
            if step["__class_fullname__"] == "Resize":
                settings |= opencv | {"method": {1: "linear", 2: "cubic"}[step["interpolation"]], "size": (step["height"], step["width"])}
            elif step["__class_fullname__"] == "CenterCrop":
                settings["crop"] = (step["height"], step["width"])
            elif step["__class_fullname__"] == "Normalize":
                settings |= {"mean": step["mean"], "std": step["std"]}
    said = {name: value for name, value in vars(arguments).items() if name in settings and value is not None}
    return settings | said


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, help="default: reference.json beside the model")
    parser.add_argument("--torch", help="a TorchScript file to run in place of onnxruntime")
    parser.add_argument("--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), help="what photos are resized to")
    parser.add_argument("--crop", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), help="the centre that is left of it")
    parser.add_argument("--mean", type=float, nargs=3, help="subtracted from 0..1, where the caller normalises")
    parser.add_argument("--std", type=float, nargs=3)
    parser.add_argument("--threshold", type=float, help="raw; labels where the model gives none")
    arguments = parser.parse_args()

    runner = TorchRunner(arguments.torch) if arguments.torch else OnnxRunner(str(arguments.model))
    settings = settings_of(arguments.model, arguments, runner.size)
    output = arguments.output or arguments.model.with_name("reference.json")
    pictures = []
    for path in sorted(path for path in arguments.photos.rglob("*") if path.suffix.lower() in SUFFIXES):
        rgb = decode(path, settings["turn"])
        prepared = prepare(rgb, settings)
        score, anomaly_map, label = runner(prepared)
        if label is None and settings["threshold"] is not None:
            label = not score < settings["threshold"]
        file = pathlib.Path(os.path.relpath(path, output.parent)).as_posix()
        pictures.append(picture(file, rgb, prepared, score, anomaly_map, label))
    digest = hashlib.sha256(arguments.model.read_bytes()).hexdigest()
    reference = {"format": "anomaly-reference", "version": 1, "model": {"sha256": digest}, "pictures": pictures}
    output.write_text(json.dumps(reference, indent=1))
    print(f"{len(pictures)} pictures in {output}")


if __name__ == "__main__":
    main()
