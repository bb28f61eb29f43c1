using CsCheck;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

/// <summary>Random small data on which rank metrics tend to go wrong: ties, one class, all equal, special values.</summary>
internal static class Draw
{
    private const string Seed = "0N0XIzNsQ0O2";

    /// <summary>Few values, many ties; the neighbours of 100, both zeros and infinities among them.</summary>
    public static Gen<float> TiedScore { get; } = OneOf(
        float.NegativeInfinity, -3f, -0f, 0f, float.Epsilon, 1f, 99.99999f, 100f, 100.00001f, 1000f, float.PositiveInfinity);

    /// <summary>Normalised scores, several of which share a bin of the grid.</summary>
    public static Gen<float> NormalizedScore { get; } = Gen.OneOf(
        Gen.Int[0, 40].Select(i => 100 + ((i - 20) / 4096f)),
        Gen.Int[0, 9].Select(i => i * 10f),
        Gen.Single[0, 1000],
        OneOf(0f, -0f, 100f, 1000f));

    public static Gen<float> AnyScore { get; } = Gen.OneOf(TiedScore, Gen.Single.Where(score => !float.IsNaN(score)), Gen.Single[90, 110]);

    public static Gen<(float Score, bool IsAnomalous)[]> Rows { get; } = Gen.OneOf(
        Gen.Select(TiedScore, Gen.Bool).Array[0, 40],
        Gen.Select(AnyScore, Gen.Bool).Array[0, 60],
        Gen.Select(TiedScore, Gen.Const(false)).Array[0, 5],
        Gen.Select(AnyScore, Gen.Const(true)).Array[0, 5],
        Gen.Select(Gen.Const(7f), Gen.Bool).Array[0, 10]);

    public static Gen<byte[]> Mask(int pixels) => Gen.OneOf(
        Gen.Const(new byte[pixels]),
        Gen.Frequency((6, Gen.Const((byte)0)), (1, Gen.Const((byte)1)), (1, Gen.Const((byte)255))).Array[pixels],
        Gen.Byte[0, 1].Array[pixels],
        Gen.Frequency((1, Gen.Const((byte)0)), (6, Gen.Const((byte)7))).Array[pixels]);

    /// <summary>Up to five images of up to 7 x 7 pixels.</summary>
    public static Gen<ImageSet> Images(Gen<float> score)
        => from height in Gen.Int[1, 7]
           from width in Gen.Int[1, 7]
           from images in Gen.Select(score.Array[height * width], Mask(height * width)).Array[0, 5]
           select new ImageSet([.. images.Select(image => image.Item1)], [.. images.Select(image => image.Item2)], height, width);

    /// <summary>Checks cases that are drawn with the seed of this class.</summary>
    public static void Check<T>(this Gen<T> cases, int count, Action<T> check) => cases.Check(check, Seed, count);

    private static Gen<float> OneOf(params float[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
