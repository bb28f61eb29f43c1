"""What tells the generations of exports apart: names, axes and opsets of torch.onnx.export, and the file beside the model."""

import math
import warnings

import torch
from stages import DEVIATION, MEAN

OUTPUTS = ("pred_score", "pred_label", "anomaly_map", "pred_mask")  # of anomalib 2, in its order


def is_anomalib2(case):
    return case.generation.startswith("2")


def is_prepared_by_caller(case):
    return case.generation in ("0.4", "0.7", "quadra")


def write_onnx(case, export, path):
    """torch.onnx.export under the arguments of the generation."""
    size = (case.crop or case.size) if is_prepared_by_caller(case) else case.size if case.is_fixed else (1, 1)
    inputs, outputs, opset = ["input"], ["output"], 14
    axes = {"input": {0: "batch_size"} if case.is_fixed else {0: "batch_size", 2: "height", 3: "width"}, "output": {0: "batch_size"}}
    match case.generation:
        case "0.4" | "0.7":
            axes, opset = None, 11
        case "1.2" if not case.is_fixed:
            axes["input"][3] = "weight"
        case "2.0" | "2.2":
            outputs = export.names  # and the axes still name an output that isn't there
        case "2.6":
            outputs = export.names
            axes = {"input": axes["input"], **{name: {0: "batch_size"} for name in outputs}}
        case "quadra":
            inputs, outputs, opset = ["input_0"], ["output_0"], 16
            axes = None if case.batch else {"input_0": {0: "batch_size"}, "output_0": {0: "batch_size"}}

    example = torch.zeros((case.batch or 1, 3, *size), dtype=torch.float16 if case.half else torch.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of every constant; these are meant
        torch.onnx.export(export, (example,), str(path), input_names=inputs, output_names=list(outputs), dynamic_axes=axes,
                          opset_version=case.opset or opset, **case.options)


def sidecar(case, image, pixel, maps, scores):
    """The file beside the export, its name and content; (None, None) for anomalib 2, which writes none."""
    thresholds = {"image_threshold": image["threshold"], "pixel_threshold": pixel["threshold"]}
    spread = {"min": image["minimum"], "max": image["maximum"]}
    if case.cdf:
        # Thresholds on the scale of the standardised logarithm, and the statistics that lead there.
        thresholds, spread = {}, {}
        for name, values, numbers in (("image", scores.log(), image), ("pixel", maps[:, 0].clamp(min=1e-6).log(), pixel)):
            mean, deviation = values.mean(0), values.std(0)
            spread[f"{name}_mean"], spread[f"{name}_std"] = mean.tolist(), deviation.tolist()
            thresholds[f"{name}_threshold"] = ((math.log(numbers["threshold"]) - mean) / deviation).mean().item()

    height, width = case.size
    match case.generation:
        case "0.4":
            return "meta_data.json", {**thresholds, **spread}
        case "0.7":
            transforms = [{"__class_fullname__": "Resize", "always_apply": True, "p": 1,
                           "height": height, "width": width, "interpolation": 1}]
            if case.crop:
                transforms.append({"__class_fullname__": "CenterCrop", "always_apply": True, "p": 1.0,
                                   "height": case.crop[0], "width": case.crop[1]})
            transforms.append({"__class_fullname__": "Normalize", "always_apply": False, "p": 1.0,
                               "mean": MEAN, "std": DEVIATION, "max_pixel_value": 255.0})
            transforms.append({"__class_fullname__": "ToTensorV2", "always_apply": True, "p": 1.0, "transpose_mask": False})
            transform = {"__version__": "1.3.1", "transform": {
                "__class_fullname__": "Compose", "p": 1.0, "transforms": transforms, "bbox_params": None, "keypoint_params": None,
                "additional_targets": {"image": "image", "depth_image": "image"}}}
            return "metadata.json", {"task": "segmentation", "transform": transform, **thresholds, **spread}
        case "1.2":
            return "metadata.json", {"task": "segmentation", **thresholds,
                                     "anomaly_maps.min": pixel["minimum"], "anomaly_maps.max": pixel["maximum"],
                                     "pred_scores.min": image["minimum"], "pred_scores.max": image["maximum"]}
        case "quadra":
            method = {"gaussian": "padim", "nearest": "patchcore"}[case.model]
            return "model.json", {"input_size": [[3, height, width]], "classes": {"0": "good", "1": "defect"},
                                  "mean": MEAN, "std": DEVIATION, **thresholds, "anomaly_method": method}
    return None, None
