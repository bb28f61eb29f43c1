using System.Security.Cryptography;
using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Onnx.Scoring;

namespace MLNet.AnomalyNormalization.Onnx.Verification;

/// <summary>Compares what this library sees of pictures with what Python saw, and tries the usual faults where they differ.</summary>
internal sealed class Verifier : IDisposable
{
    // Decoders of JPEG differ by as much.
    private const double DecoderTolerance = 2;

    // Of the range of a pixel: a resize in floating point, and one whose results are rounded to bytes.
    private const double ExactTolerance = 1e-4;
    private const double ByteTolerance = 1.01 / 255;

    // Of the threshold: a model with the same input, in Half, and with an input that is off by a step of a byte here and there.
    private const double ScoreTolerance = 1e-4;
    private const double HalfTolerance = 2e-3;
    private const double ByteScoreTolerance = 1e-2;

    private readonly AnomalyOnnxModel _model;
    private readonly string _referencePath;
    private readonly Reference _reference;
    private readonly AnomalyScorer _scorer;
    private readonly double _scoreScale;
    private readonly double _mapScale;

    public Verifier(AnomalyOnnxModel model, string referencePath)
    {
        (_model, _referencePath, _reference) = (model, referencePath, Reference.Read(referencePath));
        _scorer = new AnomalyScorer(model, null, default, nameof(model));
        _scoreScale = Scale(model.Thresholds?.Image, _reference.Pictures.Max(picture => Math.Abs(picture.Score ?? 0)));
        double? pixelThreshold = model.PixelThresholdProblem is null ? model.Thresholds?.Pixel : null;
        _mapScale = Scale(pixelThreshold, _reference.Pictures.Max(picture => picture.Map?.Maximum ?? 0));

        static double Scale(double? threshold, double otherwise)
            => threshold is { } value && value != 0 ? Math.Abs(value) : otherwise > 0 ? otherwise : 1;
    }

    public AnomalyOnnxModel Model => _model;

    public ImagePreprocessing Preparation => _scorer.Preprocessing;

    public ImageInput? Input => _scorer.Input;

    public IReadOnlyList<ReferencePicture> Pictures => _reference.Pictures;

    private double UnitOfRange => 255 / (Preparation.PixelDivisor * Preparation.StandardDeviation.Min());

    public AnomalyVerification Run()
    {
        Seen[] seen = [.. _reference.Pictures.Select(picture => See(picture))];
        var stages = new List<StageVerification>();
        Compare(VerificationStage.Decoded, DecoderTolerance, (picture, own) => DecodedDifference(picture, own.Picture));
        bool isDecodedAlike = stages[0].LargestDifference == 0;

        // Some values of a picture can't tell that all of them agree, so what is rounded to bytes counts as off by a step here and there.
        bool isExact = isDecodedAlike && Preparation.Library != ImageLibrary.OpenCv;
        double ofRange = isExact ? ExactTolerance : isDecodedAlike ? ByteTolerance : DecoderTolerance / 255;
        Compare(VerificationStage.Prepared, UnitOfRange * ofRange, (picture, own) => Difference(picture.Prepared, own.Prepared));

        double relative = Math.Max(isExact ? ScoreTolerance : ByteScoreTolerance, _model.InputType == typeof(Half) ? HalfTolerance : 0);
        Compare(VerificationStage.Score, relative * _scoreScale, (picture, own) => Math.Abs(own.Score - picture.Score!.Value),
            picture => picture.Score is not null);
        Compare(VerificationStage.Map, relative * _mapScale, (picture, own) => Difference(picture.Map, own.Map));
        Compare(VerificationStage.Label, relative * _scoreScale, LabelDifference,
            picture => picture.IsAnomalous is not null && _model.Thresholds is not null);

        StageVerification? first = stages.Find(stage => !stage.Agrees);
        return new(_model.Path, _referencePath, _reference.Pictures.Count,
            _reference.ModelDigest is { } digest && File.Exists(_model.Path) ? IsDigest(digest, File.ReadAllBytes(_model.Path)) : null,
            stages, first is null ? null : UsualFaults.Find(this, first, seen));

        void Compare(
            VerificationStage stage, double tolerance, Func<ReferencePicture, Seen, double> difference,
            Predicate<ReferencePicture>? isTold = null)
        {
            isTold ??= picture => ValuesOf(picture, stage) is not null;
            (string File, double Difference)[] differences = [.. _reference.Pictures.Zip(seen)
                .Where(pair => isTold(pair.First) && (stage != VerificationStage.Prepared || _scorer.Input is not null))
                .Select(pair => (pair.First.File, difference(pair.First, pair.Second)))];
            (string? worst, double largest) = differences.Length == 0 ? (null, 0)
                : differences.MaxBy(pair => double.IsNaN(pair.Difference) ? double.MaxValue : pair.Difference);
            int differing = differences.Count(pair => !(pair.Difference <= tolerance));
            stages.Add(new(stage, differences.Length, differing, largest, tolerance, worst));
        }
    }

    public void Dispose() => _scorer.Dispose();

    /// <summary>Whether a stage agrees on every picture when a picture is seen otherwise.</summary>
    public bool Agrees(StageVerification stage, Func<ReferencePicture, Seen> see)
        => _reference.Pictures.All(picture => stage.Stage switch
        {
            VerificationStage.Decoded => picture.Decoded is null || DecodedDifference(picture, see(picture).Picture) <= stage.Tolerance,
            VerificationStage.Prepared
                => picture.Prepared is not { } prepared || Difference(prepared, see(picture).Prepared) <= stage.Tolerance,
            VerificationStage.Score => picture.Score is not { } score || Math.Abs(see(picture).Score - score) <= stage.Tolerance,
            VerificationStage.Map => picture.Map is null || Difference(picture.Map, see(picture).Map) <= stage.Tolerance,
            _ => false,
        });

    /// <summary>What this library sees of a picture.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="preparation">Another preparation than the model's own.</param>
    /// <param name="library">Whose habits of reading are followed, if not the preparation's.</param>
    public Seen See(ReferencePicture picture, AnomalyScorer? preparation = null, ImageLibrary? library = null)
    {
        string path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(_referencePath))!, picture.File));
        AnomalyScorer scorer = preparation ?? _scorer;
        RgbPicture rgb = PictureFile.Read(path, library ?? scorer.Preprocessing.Library);
        if (scorer.Input is { } input)
            return Score(rgb, new(scorer.Prepare(rgb), [input.Channels, input.Height, input.Width]));

        Values map = NewMap();
        return new(rgb, new([], []), scorer.Score(rgb, map.Array), map);
    }

    /// <summary>What the model makes of a prepared picture, where it is one that it takes.</summary>
    public Seen Score(RgbPicture picture, Values prepared)
    {
        Values map = NewMap();
        bool isTaken = _scorer.Input is { } input && prepared.Shape.AsSpan().SequenceEqual([input.Channels, input.Height, input.Width]);
        return new(picture, prepared, isTaken ? _scorer.ScorePrepared(prepared.Array, map.Array) : float.NaN, map);
    }

    private Values NewMap()
    {
        (int height, int width) = _scorer.MapSize ?? (0, 0);
        return new(new float[height * width], [1, height, width]);
    }

    private static ReferenceValues? ValuesOf(ReferencePicture picture, VerificationStage stage)
        => stage switch
        {
            VerificationStage.Decoded => picture.Decoded,
            VerificationStage.Prepared => picture.Prepared,
            _ => picture.Map,
        };

    private static double DecodedDifference(ReferencePicture picture, RgbPicture own)
    {
        ReferenceValues decoded = picture.Decoded!;
        if (decoded.Shape[1] != own.Height || decoded.Shape[2] != own.Width)
            return double.PositiveInfinity;
        if (picture.Digest is { } digest && IsDigest(digest, own.Bytes.Span))
            return 0;

        // Without values, another digest says that something differs, and not how much.
        int pixels = own.Height * own.Width;
        return decoded.Values.Length == 0
            ? picture.Digest is null ? 0 : double.NaN
            : decoded.Values.Max(value => Math.Abs(Own(value.Index) - value.Value));

        // The values are by channel, the bytes by pixel.
        int Own(int index) => own.Pixels[(index % pixels * RgbPicture.Channels) + (index / pixels)];
    }

    private static bool IsDigest(string digest, ReadOnlySpan<byte> bytes)
        => digest.Equals(Convert.ToHexString(SHA256.HashData(bytes)), StringComparison.OrdinalIgnoreCase);

    private static double Difference(ReferenceValues? reference, Values own) => reference!.DifferenceFrom(own.Array, own.Shape);

    // Decided in the type of the score, by the one rule; NaN is anomalous.
    private double LabelDifference(ReferencePicture picture, Seen own)
    {
        double threshold = _model.Thresholds!.Image;
        return !(own.Score < (float)threshold) == picture.IsAnomalous ? 0 : Math.Abs(own.Score - threshold);
    }
}

/// <summary>Numbers in an array channels x height x width.</summary>
internal readonly record struct Values(float[] Array, int[] Shape);

/// <summary>What was seen of a picture, stage by stage.</summary>
internal sealed record Seen(RgbPicture Picture, Values Prepared, float Score, Values Map);
