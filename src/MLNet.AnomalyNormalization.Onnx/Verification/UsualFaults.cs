using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Onnx.Scoring;

namespace MLNet.AnomalyNormalization.Onnx.Verification;

/// <summary>
/// Why two programs see different things of one picture. Each fault is tried: the pictures are seen with it, and it is the cause if the
/// stage then agrees on all of them.
/// </summary>
internal static class UsualFaults
{
    private static readonly double[] ImageNetMean = [0.485, 0.456, 0.406];
    private static readonly double[] ImageNetDeviation = [0.229, 0.224, 0.225];

    private static readonly (ImageLibrary, ImageInterpolation, bool Antialias)[] Resizes =
    [
        (ImageLibrary.Torchvision, ImageInterpolation.Bilinear, false),
        (ImageLibrary.OpenCv, ImageInterpolation.Bilinear, false),
        (ImageLibrary.Torchvision, ImageInterpolation.Bilinear, true),
        (ImageLibrary.OpenCv, ImageInterpolation.Bicubic, false),
        (ImageLibrary.Torchvision, ImageInterpolation.Bicubic, true),
        (ImageLibrary.Torchvision, ImageInterpolation.Bicubic, false),
    ];

    /// <summary>The cause of the first stage that differs; null if it is none of the usual ones.</summary>
    public static string? Find(Verifier verifier, StageVerification stage, Seen[] seen)
    {
        if (stage.Stage == VerificationStage.Label)
            return OtherThreshold(verifier, seen);

        var known = new Dictionary<ReferencePicture, Seen>(
            verifier.Pictures.Zip(seen, KeyValuePair.Create), ReferenceEqualityComparer.Instance);
        IEnumerable<(string Cause, Func<ReferencePicture, Seen> See)> faults = stage.Stage switch
        {
            VerificationStage.Decoded => OfDecoding(),
            VerificationStage.Prepared => OfPreparation(),
            VerificationStage.Score when verifier.Pictures.All(picture => picture.Prepared is null) => OfScale().Concat(OfPreparation()),
            _ => OfScale(),
        };
        return faults.FirstOrDefault(fault => verifier.Agrees(stage, fault.See)).Cause;

        IEnumerable<(string, Func<ReferencePicture, Seen>)> OfDecoding()
        {
            ImageLibrary other = verifier.Preparation.Library == ImageLibrary.OpenCv ? ImageLibrary.Torchvision : ImageLibrary.OpenCv;
            yield return (other == ImageLibrary.OpenCv
                    ? "Python turned the picture as its EXIF orientation says, and this preparation doesn't"
                    : "Python left the EXIF orientation aside, and this preparation turns the picture",
                picture => verifier.See(picture, library: other));
            yield return ("BGR: the bytes of the reference are in the order blue, green, red", picture =>
            {
                RgbPicture own = known[picture].Picture;
                byte[] swapped = own.Bytes.ToArray();
                for (int i = 0; i < swapped.Length; i += RgbPicture.Channels)
                    (swapped[i], swapped[i + 2]) = (swapped[i + 2], swapped[i]);
                return known[picture] with { Picture = own with { Pixels = swapped } };
            }
            );
        }

        IEnumerable<(string, Func<ReferencePicture, Seen>)> OfPreparation()
        {
            ImagePreprocessing own = verifier.Preparation;
            bool isNormalised = own.Mean.Any(mean => mean != 0) || own.StandardDeviation.Any(deviation => deviation != 1);
            if (isNormalised)
            {
                yield return ("not normalised in Python: mean and deviation are missing there",
                    Each((value, channel) => (value * Deviation(channel)) + Mean(channel)));
                yield return ("normalised twice in Python", Each((value, channel) => (value - Mean(channel)) / Deviation(channel)));
            }
            else
            {
                yield return ("normalised in Python with the mean and deviation of ImageNet, not here; twice, if the model does it as well",
                    Each((value, channel) => (value - ImageNetMean[channel % 3]) / ImageNetDeviation[channel % 3]));
            }

            yield return ("0..255 in Python, in place of 0..1", Each((value, channel) => value * own.PixelDivisor));
            yield return ("0..1 in Python, in place of 0..255", Each((value, channel) => value / 255));
            foreach ((string cause, ImagePreprocessing other) in Others(own, verifier.Input))
            {
                AnomalyScorer? scorer = Scorer(other);
                if (scorer is null)
                    continue;
                using (scorer)
                    yield return (cause, picture => verifier.See(picture, scorer));
            }

            double Mean(int channel) => own.Mean[Math.Min(channel, own.Mean.Count - 1)];

            double Deviation(int channel) => own.StandardDeviation[Math.Min(channel, own.StandardDeviation.Count - 1)];
        }

        Func<ReferencePicture, Seen> Each(Func<double, int, double> change) => picture =>
        {
            Values prepared = known[picture].Prepared;
            if (prepared.Array.Length == 0)
                return known[picture];
            int pixels = prepared.Shape[1] * prepared.Shape[2];
            float[] changed = [.. prepared.Array.Select((value, i) => (float)change(value, i / pixels))];
            return verifier.Score(known[picture].Picture, prepared with { Array = changed });
        };

        AnomalyScorer? Scorer(ImagePreprocessing other)
        {
            try
            {
                return new(verifier.Model, other, default, nameof(other));
            }
            catch (Exception e) when (e is ArgumentException or InvalidDataException)
            {
                return null;  // the model takes no picture of that size
            }
        }

        IEnumerable<(string, Func<ReferencePicture, Seen>)> OfScale()
        {
            AnomalyOnnxModel model = verifier.Model;
            if ((model.ScorePostProcessing, model.MapPostProcessing) is not (null, null))
            {
                yield return ("a clipped score: the reference has what the model's own post-processing scaled and clipped to 0..1",
                    Scaled(model.ScorePostProcessing is { } score ? raw => Clip(score, raw) : raw => raw,
                        model.MapPostProcessing is { } map ? raw => Clip(map, raw) : raw => raw));
            }

            yield return ("a clipped score: the reference has the raw one cut off at 0 and 1", Scaled(Cut, Cut));
            if (model.Thresholds is { } thresholds)
            {
                yield return ("the reference has normalised scores, on which 100 is the threshold",
                    Scaled(new ScoreNormalizer(thresholds.Image).Normalize, new ScoreNormalizer(thresholds.Pixel).Normalize));
            }

            yield return ("the reference has the map's maximum for a score",
                picture => known[picture] with { Score = known[picture].Map.Array.DefaultIfEmpty(float.NaN).Max() });

            Func<ReferencePicture, Seen> Scaled(Func<float, float> score, Func<float, float> map) => picture => known[picture] with
            {
                Score = score(known[picture].Score),
                Map = known[picture].Map with { Array = Array.ConvertAll(known[picture].Map.Array, value => map(value)) },
            };

            static float Clip(AnomalyPostProcessing scaling, float raw) => Cut((float)(((raw - scaling.Threshold) / scaling.Range) + 0.5));

            static float Cut(float value) => Math.Clamp(value, 0, 1);
        }
    }

    private static IEnumerable<(string, ImagePreprocessing)> Others(ImagePreprocessing own, ImageInput? input)
    {
        yield return (own.IsBlueFirst ? "RGB: Python gives the model red, green, blue" : "BGR: Python gives the model blue, green, red",
            own with { IsBlueFirst = !own.IsBlueFirst });
        yield return ("the nearest pixel in Python, in place of a smooth resize", own with { Interpolation = ImageInterpolation.Nearest });
        foreach ((ImageLibrary library, ImageInterpolation interpolation, bool antialias) in Resizes)
        {
            ImagePreprocessing other = own with { Library = library, Interpolation = interpolation, Antialias = antialias };
            string what = $"{library}'s {interpolation.ToString().ToLowerInvariant()}{(antialias ? ", antialiased" : "")}";
            if (other != own)
                yield return ($"{(own.Antialias && !antialias ? "antialiasing is missing" : "another resize")} in Python: {what}", other);
        }

        if (own.CropHeight is not null)
        {
            yield return ("the crop is missing in Python: the whole picture is resized to the size of the crop",
                own with { Height = own.CropHeight, Width = own.CropWidth, CropHeight = null, CropWidth = null });
        }
        else if (input is not null)
        {
            // 256 and 224, the habit of ImageNet.
            yield return ("a crop is missing here: Python resizes to 8/7 of the size and takes the centre", own with
            {
                Height = (int)Math.Round(input.Height * 8 / 7.0),
                Width = (int)Math.Round(input.Width * 8 / 7.0),
                CropHeight = input.Height,
                CropWidth = input.Width,
            });
        }
    }

    private static string? OtherThreshold(Verifier verifier, Seen[] seen)
    {
        (float Score, bool IsAnomalous)[] labelled = [.. verifier.Pictures.Zip(seen).Where(pair => pair.First.IsAnomalous is not null)
            .Select(pair => (pair.Second.Score, pair.First.IsAnomalous!.Value))];
        float highestNormal = labelled.Where(row => !row.IsAnomalous).Max(row => (float?)row.Score) ?? float.NegativeInfinity;
        float lowestAnomalous = labelled.Where(row => row.IsAnomalous).Min(row => (float?)row.Score) ?? float.PositiveInfinity;
        if (!(highestNormal < lowestAnomalous))
            return null;

        string where = float.IsInfinity(highestNormal) ? FormattableString.Invariant($"at most {lowestAnomalous:G6}")
            : float.IsInfinity(lowestAnomalous) ? FormattableString.Invariant($"above {highestNormal:G6}")
            : FormattableString.Invariant($"between {highestNormal:G6} and {lowestAnomalous:G6}");
        return FormattableString.Invariant($"another threshold in Python, {where}; here it is {verifier.Model.Thresholds!.Image:G6}");
    }
}
