using System.Runtime.CompilerServices;
using Microsoft.ML;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Onnx.Scoring;
using MLNet.AnomalyNormalization.Vision.Graph;
using MLNet.AnomalyNormalization.Vision.Training;

namespace MLNet.AnomalyNormalization.Vision;

/// <summary>Trains PatchCore from good photos; made by <see cref="PatchCoreCatalog.PatchCore"/>.</summary>
public sealed class PatchCoreTrainer : IEstimator<PatchCoreTransformer>
{
    /// <summary>What heights and widths are multiples of: the network halves them four times.</summary>
    internal const int SideFactor = 16;

    private readonly PatchCoreOptions _options;

    internal PatchCoreTrainer(PatchCoreOptions options)
    {
        _options = options;
        ArgumentException.ThrowIfNullOrWhiteSpace(options.ImageColumnName);
        Require(
            options.Height is null == options.Width is null, (options.Height, options.Width), "expected a height and a width, or neither");
        Require(IsSide(options.Height), options.Height, $"expected a multiple of {SideFactor}, at least {PatchMap.SmallestSide}");
        Require(IsSide(options.Width), options.Width, $"expected a multiple of {SideFactor}, at least {PatchMap.SmallestSide}");
        Require(IsSide(options.ShorterSide), options.ShorterSide, $"expected a multiple of {SideFactor}, at least {PatchMap.SmallestSide}");
        Require(options.BankShare is > 0 and <= 1, options.BankShare, "expected more than 0, at most 1");
        Require(options.SmallestBank >= 1, options.SmallestBank, "expected at least 1");
        Require(
            options.LargestBank >= options.SmallestBank, options.LargestBank, $"expected at least SmallestBank, {options.SmallestBank}");
        Require(options.Folds is null or >= 2, options.Folds, "expected at least 2");

        static bool IsSide(int? value) => value is null || (value % SideFactor == 0 && value >= PatchMap.SmallestSide);
    }

    /// <summary>
    /// Describes the photos, chooses the patches to keep, scores every photo by a model that has not seen it, and learns the thresholds
    /// from that.
    /// </summary>
    /// <param name="input">Good photos; must read the same each time, in the same order. They are read twice.</param>
    /// <remarks>
    /// Of a photo of 224 x 224, 784 patches of 1.8 kB are kept while it is trained, at most 262,144 in all (0.5 GB); beyond 334 such photos
    /// they are a sample in which each patch is as likely as any other, so that every photo has its share.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A column is missing or of another type; the message names it and both types.
    /// </exception>
    /// <exception cref="InvalidDataException">
    /// A photo can't be read, is too small, or has other proportions than the first (the message names its row and file); or a network that
    /// was given can't be used.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// There are fewer than two photos, or groups of them; rows are labelled anomalous; the mask of what to ignore is neither black nor bright
    /// anywhere, or bright everywhere; or OnnxRuntime's native library is missing.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token of the options said so.</exception>
    public PatchCoreTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        TrainedPatchCore trained = new PatchCoreTraining(_options, input).Run();
        var model = new AnomalyOnnxModel("PatchCore", trained.Model);
        var scoring = new AnomalyScoringEstimator(new MLContext().Transforms, model, _options.ImageColumnName, new()
        {
            ScoreColumnName = _options.ScoreColumnName,
            MapColumnName = _options.MapColumnName,
            GpuDeviceId = _options.GpuDeviceId,
        });
        return new(trained, scoring.Fit(input));
    }

    /// <summary>The shape of the schema with the added columns.</summary>
    /// <param name="inputSchema">The shape of the data's schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">As with <see cref="Fit"/>.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        => AnomalyScoringEstimator.OutputSchema(
            new MLContext().Transforms, inputSchema, _options.ImageColumnName, _options.ScoreColumnName, _options.MapColumnName);

    private static void Require(
        bool condition, object? value, string expected, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; {expected}.");
    }
}
