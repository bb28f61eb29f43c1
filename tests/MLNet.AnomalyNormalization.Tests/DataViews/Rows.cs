using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

/// <summary>Raw output of an anomaly model: what the transformer's tests work on.</summary>
internal sealed class Row
{
    public float Score { get; set; }

    [VectorType(1, 1, 2, 3)]
    public float[] AnomalyMap { get; set; } = [];

    public float[] Boxes { get; set; } = [];

    public double WideScore { get; set; }

    public bool Label { get; set; }
}

internal static class Rows
{
    public static readonly AnomalyNormalizationOptions AllColumns = new() { MapColumnName = "AnomalyMap", BoxScoresColumnName = "Boxes" };

    /// <summary>Rows around the threshold 1.24, with special values among them.</summary>
    public static Row[] Make(int count, int seed = 1)
    {
        var random = new Random(seed);
        float[] special = ScoreNormalizerTests.SpecialValues(1.24, 21);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            float score = Next();
            return new Row
            {
                Score = score,
                AnomalyMap = [.. Enumerable.Range(0, 6).Select(_ => Next())],
                Boxes = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Next())],
                WideScore = random.Next(3) == 0 ? 1.24 + (random.Next(-3, 4) * Math.Pow(2, -52)) : random.NextDouble() * 3,
                Label = score > 1.3f,
            };
        })];

        float Next() => random.Next(4) == 0 ? special[random.Next(special.Length)] : random.NextSingle() * 2.5f;
    }

    public static IDataView View(MLContext mlContext, int count, int seed = 1) => mlContext.Data.LoadFromEnumerable(Make(count, seed));

    /// <summary>Asserts that a column holds the same bits in both views, rows in the same order.</summary>
    public static void AssertSame(IDataView expected, IDataView actual, string name, string what = "")
    {
        (float[][] singles, double[][] doubles, bool[][] booleans) = Read(expected, name);
        (float[][] otherSingles, double[][] otherDoubles, bool[][] otherBooleans) = Read(actual, name);
        Compare<float>(singles, otherSingles, (left, right) => Same.Bits<float>(left, right, $"{what} {name}"));
        Compare<double>(doubles, otherDoubles, (left, right) => Same.Bits<double>(left, right, $"{what} {name}"));
        Compare<bool>(booleans, otherBooleans, (left, right) => CollectionAssert.AreEqual(left, right, $"{what} {name}"));

        static void Compare<T>(T[][] expected, T[][] actual, Action<T[], T[]> same)
        {
            Assert.HasCount(expected.Length, actual);
            for (int i = 0; i < expected.Length; i++)
                same(expected[i], actual[i]);
        }
    }

    private static (float[][] Singles, double[][] Doubles, bool[][] Booleans) Read(IDataView data, string name)
    {
        DataViewType type = data.Schema[name].Type;
        Type raw = (type as VectorDataViewType)?.ItemType.RawType ?? type.RawType;
        return (Values<float>(), Values<double>(), Values<bool>());

        T[][] Values<T>()
            => raw != typeof(T) ? [] : type is VectorDataViewType ? [.. data.GetColumn<T[]>(name)] : [.. data.GetColumn<T>(name).Select(value => (T[])[value])];
    }
}
