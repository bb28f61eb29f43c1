namespace MLNet.AnomalyNormalization.Vision.Training;

/// <summary>
/// A projection on fewer dimensions that keeps distances approximately: a matrix of random signs (Achlioptas, "Database-friendly random
/// projections", 2003).
/// </summary>
internal static class RandomProjection
{
    public const int Dimensions = 64;

    /// <summary>The matrix, width x <see cref="Dimensions"/>, row-major; the same for the same seed.</summary>
    public static float[] Matrix(int width, int seed)
    {
        var random = new Random(seed);
        float scale = 1 / MathF.Sqrt(Dimensions);
        return [.. Enumerable.Range(0, width * Dimensions).Select(_ => random.Next(2) == 0 ? scale : -scale)];
    }
}
