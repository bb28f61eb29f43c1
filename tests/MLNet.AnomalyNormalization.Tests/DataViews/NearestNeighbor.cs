using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

/// <summary>What detectors are trained on and score.</summary>
internal sealed class FeatureRow
{
    [VectorType(Size)]
    public float[] Features { get; set; } = [];

    public string Part { get; set; } = "";

    [NoColumn]
    public const int Size = 6;

    /// <summary>Rows near a plane of two dimensions.</summary>
    public static FeatureRow[] Draw(int count, Random random)
        => [.. Enumerable.Range(0, count).Select(i =>
        {
            (double u, double v) = (Normal(random), Normal(random));
            return new FeatureRow
            {
                Features = [.. Enumerable.Range(0, Size).Select(f => (float)((u * Math.Cos(f)) + (v * Math.Sin(2 * f)) + (0.3 * Normal(random)) + 2))],
                Part = $"part {i / 3}",
            };
        })];

    public static double Normal(Random random)
        => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}

/// <summary>
/// Scores a row by its distance to the nearest training row, which is 0 for these themselves: the detector for which thresholds learned
/// from training scores are worst.
/// </summary>
internal sealed class NearestNeighbor(MLContext mlContext) : IEstimator<ITransformer>
{
    /// <summary>How many rows each fit has seen.</summary>
    public List<int> Fits { get; } = [];

    public ITransformer Fit(IDataView input)
    {
        float[][] bank = [.. input.GetColumn<float[]>("Features").Where(row => !row.Contains(float.NaN))];
        Fits.Add(bank.Length);
        return Mapping(bank).Fit(input);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Mapping([]).GetOutputSchema(inputSchema);

    private IEstimator<ITransformer> Mapping(float[][] bank)
        => mlContext.Transforms.CustomMapping<FeatureRow, Scored>(
            (row, scored) => scored.Score = bank.Min(other => Distance(row.Features, other)), contractName: null);

    private static float Distance(float[] left, float[] right)
    {
        float sum = 0;
        for (int i = 0; i < left.Length; i++)
            sum += (left[i] - right[i]) * (left[i] - right[i]);
        return MathF.Sqrt(sum);
    }

    private sealed class Scored
    {
        public float Score { get; set; }
    }
}
