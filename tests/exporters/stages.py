"""What stands around a network in each generation of exports: how a photo is prepared by the caller, how in the graph, and the scale."""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


class OpenCv:
    """As quadra and anomalib 0.x prepare, with albumentations: bytes resized by OpenCV, the centre cropped, normalised by the caller."""

    def __init__(self, size, interpolation, crop=None):
        self.size, self.crop = size, crop
        self.interpolation = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}[interpolation]
        self.name = f"opencv-{interpolation}-{size[0]}x{size[1]}" + (f"-crop-{crop[0]}x{crop[1]}" if crop else "")

    def pixels(self, path):
        """What the model's input gets, 3 x H x W."""
        picture = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
        picture = cv2.resize(picture, (self.size[1], self.size[0]), interpolation=self.interpolation)
        if self.crop:
            top, left = (self.size[0] - self.crop[0]) // 2, (self.size[1] - self.crop[1]) // 2
            picture = picture[top : top + self.crop[0], left : left + self.crop[1]]
        normalised = (picture.astype(np.float32) - np.float32(MEAN) * 255) / (np.float32(DEVIATION) * 255)
        return torch.from_numpy(normalised.transpose(2, 0, 1).copy())


class Antialiased:
    """As anomalib 1 and 2 prepare in training, with torchvision: 0..1, resized with antialiasing. The rest is done in the graph."""

    def __init__(self, size):
        self.size = size
        self.name = f"antialiased-{size[0]}x{size[1]}"

    def pixels(self, path):
        picture = torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1).float() / 255
        return F.interpolate(picture[None], size=self.size, mode="bilinear", antialias=True)[0]


class InGraph(nn.Module):
    """The preparation that anomalib 1 and 2 export: Resize without antialiasing unless the size fits, centre crop, mean and deviation."""

    def __init__(self, size, crop=None, normalise=True):
        super().__init__()
        self.size, self.crop, self.normalise = size, crop, normalise

    def forward(self, x):
        if tuple(x.shape[-2:]) != self.size:
            x = F.interpolate(x, size=self.size, mode="bilinear", align_corners=False)
        if self.crop:
            # round, ties to even, as torchvision
            top, left = (round((size - crop) / 2) for size, crop in zip(self.size, self.crop))
            x = x[..., top : top + self.crop[0], left : left + self.crop[1]]
        if self.normalise:
            x = (x - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(DEVIATION).view(1, 3, 1, 1)
        return x


class PostProcessor(nn.Module):
    """anomalib 2's scale: (raw - threshold) / (maximum - minimum) + 0.5, clipped to 0..1, and labels above 1 - sensitivity."""

    def __init__(self, image, pixel, sensitivities=(0.5, 0.5), normalise=True, labels=True, label_at=None):
        super().__init__()
        for name, numbers in (("image", image), ("pixel", pixel)):
            self.register_buffer(f"_{name}_threshold", torch.tensor(numbers["threshold"]))
            self.register_buffer(f"{name}_min", torch.tensor(numbers["minimum"]))
            self.register_buffer(f"{name}_max", torch.tensor(numbers["maximum"]))
        self.normalise, self.labels = normalise, labels
        self.label_at = label_at or tuple(1.0 - sensitivity for sensitivity in sensitivities)

    @staticmethod
    def scale(raw, threshold, minimum, maximum):
        return None if raw is None else ((raw - threshold) / (maximum - minimum) + 0.5).clamp(min=0, max=1)

    def forward(self, score, anomaly_map):
        if self.normalise:
            score = self.scale(score, self._image_threshold, self.image_min, self.image_max)
            anomaly_map = self.scale(anomaly_map, self._pixel_threshold, self.pixel_min, self.pixel_max)
        outputs = {"pred_score": score, "pred_label": None, "anomaly_map": anomaly_map, "pred_mask": None}
        if self.labels:
            outputs["pred_label"] = score > torch.tensor(self.label_at[0])
            outputs["pred_mask"] = None if anomaly_map is None else anomaly_map > torch.tensor(self.label_at[1])
        return {name: value for name, value in outputs.items() if value is not None}


class Export(nn.Module):
    """Everything that goes into one file."""

    def __init__(self, model, pre_processor=None, post_processor=None, names=None, half=False):
        super().__init__()
        self.pre_processor, self.model, self.post_processor, self.half_precision = pre_processor, model, post_processor, half
        self.names = names  # which values become outputs, in this order

    def forward(self, x):
        if self.half_precision:
            x = x.float()
        if self.pre_processor is not None:
            x = self.pre_processor(x)
        anomaly_map, score = self.model(x)
        if self.post_processor is not None:
            outputs = self.post_processor(score if score is not None else torch.amax(anomaly_map, dim=(-2, -1)), anomaly_map)
        else:
            outputs = {"pred_score": score, "anomaly_map": anomaly_map}
        values = [outputs[name] for name in self.names if outputs.get(name) is not None]
        return tuple(value.half() if self.half_precision else value for value in values)
