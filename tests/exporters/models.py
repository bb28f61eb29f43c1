"""Three small anomaly models of our own, in the shapes of well-known ones: Gaussians by position, nearest neighbours, reconstruction.

Every model takes a normalised batch, N x 3 x H x W, and gives (map, score): N x 1 x H x W and N, or None for the map. Features are fixed
random filters, so that fitting is closed-form and the same everywhere.
"""

import torch
import torch.nn.functional as F
from torch import nn

CHANNELS = 12
STRIDE = 8


class Scale(nn.Module):
    """What a batch norm does that was never trained: nothing, with weights that exporters share between layers (Identity nodes)."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("weight", torch.ones(1, channels, 1, 1))

    def forward(self, x):
        return x * self.weight


class Features(nn.Module):
    """Random filters, ReLU and a local mean: N x 12 x H/8 x W/8."""

    def __init__(self, seed):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.first = nn.Conv2d(3, CHANNELS, 7, stride=4, padding=3)
        self.second = nn.Conv2d(CHANNELS, CHANNELS, 3, stride=2, padding=1)
        self.first_scale = Scale(CHANNELS)
        self.second_scale = Scale(CHANNELS)
        with torch.no_grad():
            for layer in (self.first, self.second):
                weights = layer.weight
                weights.copy_(torch.randn(weights.shape, generator=generator) / weights[0].numel() ** 0.5)
                layer.bias.copy_(torch.randn(layer.bias.shape, generator=generator) / 10)

    def forward(self, x):
        x = self.first_scale(F.relu(self.first(x)))
        x = self.second_scale(F.relu(self.second(x)))
        return F.avg_pool2d(x, 3, 1, 1)


class Blur(nn.Module):
    """A Gaussian of sigma 4 over 33 x 33 pixels, borders reflected. The view at its end is why exporters lose the map's dimensions."""

    def __init__(self):
        super().__init__()
        line = torch.exp(-torch.arange(-16.0, 17.0) ** 2 / (2 * 4.0**2))
        kernel = torch.outer(line, line)
        self.register_buffer("kernel", (kernel / kernel.sum())[None, None])

    def forward(self, x):
        batch, channels, height, width = x.size()
        return F.conv2d(F.pad(x, (16, 16, 16, 16), mode="reflect"), self.kernel).view(batch, channels, height, width)


class Gaussian(nn.Module):
    """As PaDiM: the Mahalanobis distance from the features that good photos have at the same place. The score is the map's maximum."""

    def __init__(self, good, size=None):
        super().__init__()
        self.size = size  # fixed in the graph as in 0.x; None reads it from the batch
        self.features = Features(seed=1)
        self.blur = Blur()
        with torch.no_grad():
            embedding = self.features(good).flatten(2)  # N x C x P
            mean = embedding.mean(0)
            delta = (embedding - mean).permute(2, 1, 0)  # P x C x N
            covariance = delta @ delta.transpose(1, 2) / (len(good) - 1) + 0.05 * torch.eye(CHANNELS)
            self.register_buffer("mean", mean)
            self.register_buffer("precision", torch.linalg.inv(covariance))

    def forward(self, x):
        size = self.size or x.shape[-2:]
        embedding = self.features(x)
        batch, channels, height, width = embedding.shape
        delta = (embedding.reshape(batch, channels, height * width) - self.mean).permute(2, 0, 1)
        squared = (torch.matmul(delta, self.precision) * delta).sum(2).permute(1, 0)
        distance = squared.reshape(batch, 1, height, width).clamp(0).sqrt()
        anomaly_map = self.blur(F.interpolate(distance, size=size, mode="bilinear", align_corners=False))
        score = torch.amax(anomaly_map, dim=(-2, -1))
        return anomaly_map, score if self.size is None else score.reshape(-1)


class Nearest(nn.Module):
    """As PatchCore: the distance to the nearest patch of good photos. The largest distance counts for less the nearer to the patch lie
    the neighbours of its nearest (equation 7 of the PatchCore paper)."""

    def __init__(self, good, size=None):
        super().__init__()
        self.size = size
        self.features = Features(seed=5)
        self.blur = Blur()
        with torch.no_grad():
            patches = self.features(good).permute(0, 2, 3, 1).reshape(-1, CHANNELS)
            self.register_buffer("bank", patches[:: len(patches) // 400][:400].clone())

    @staticmethod
    def distances(x, y):
        # torch.cdist has no ONNX form that every opset takes.
        squared = x.pow(2).sum(-1, keepdim=True) - 2 * torch.matmul(x, y.transpose(-2, -1)) + y.pow(2).sum(-1)
        return squared.clamp(0).sqrt()

    def forward(self, x):
        size = self.size or x.shape[-2:]
        embedding = self.features(x)
        batch, channels, height, width = embedding.shape
        patches = embedding.permute(0, 2, 3, 1).reshape(-1, channels)
        nearest, places = self.distances(patches, self.bank).min(1)
        nearest, places = nearest.reshape(batch, -1), places.reshape(batch, -1)

        rows = torch.arange(batch)
        worst = torch.argmax(nearest, dim=1)
        patch, distance, place = patches.reshape(batch, -1, channels)[rows, worst], nearest[rows, worst], places[rows, worst]
        around = self.distances(self.bank[place], self.bank).topk(k=5, largest=False, dim=1)[1]
        spread = F.softmax((patch.unsqueeze(1) - self.bank[around]).pow(2).sum(-1).sqrt(), dim=1)
        score = (1 - spread[..., 0]) * distance

        anomaly_map = self.blur(F.interpolate(nearest.reshape(batch, 1, height, width), size=size))
        return anomaly_map, score


class Reconstruction(nn.Module):
    """As GANomaly (score only), DFM (a map and a score of its own) and student-teacher models (a product of maps): what is left of the
    features after the few directions that good photos vary in."""

    def __init__(self, good, gives):
        super().__init__()
        self.gives = gives  # "score", "map and score" or "product"
        self.features = Features(seed=3)
        with torch.no_grad():
            patches = self.features(good).permute(0, 2, 3, 1).reshape(-1, CHANNELS)
            self.register_buffer("centre", patches.mean(0))
            self.register_buffer("directions", torch.linalg.svd(patches - patches.mean(0), full_matrices=False)[2][:4].clone())

    def forward(self, x):
        size = x.shape[-2:]
        centred = self.features(x).permute(0, 2, 3, 1) - self.centre
        rest = centred - torch.matmul(torch.matmul(centred, self.directions.t()), self.directions)
        error = rest.pow(2).mean(-1).unsqueeze(1)
        score = torch.mean(error, dim=(1, 2, 3))
        if self.gives == "score":
            return None, score.reshape(x.size(0))
        enlarged = F.interpolate(error, size=size, mode="bilinear", align_corners=False)
        if self.gives == "map and score":
            return enlarged, score.reshape(x.size(0))
        coarse = F.interpolate(F.avg_pool2d(error, 4, 4), size=size, mode="bilinear", align_corners=False)
        return enlarged * coarse, None
