using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>Learns thresholds from scores of rows that the scoring model has not seen, and the model itself from all rows.</summary>
internal static class CrossFitting
{
    /// <param name="detector">Is fitted once for each fold and once on all rows.</param>
    /// <param name="data">Must give the same rows in the same order each time.</param>
    /// <param name="learner">Learns from all held-out rows together.</param>
    /// <param name="options">The columns of the normaliser.</param>
    /// <param name="folds">The number of folds.</param>
    /// <param name="groupColumnName">Rows that agree in this column share a fold; null if each row stands for itself.</param>
    /// <param name="seed">Decides which rows share a fold.</param>
    public static TransformerChain<AnomalyNormalizationTransformer> Fit(
        IEstimator<ITransformer> detector, IDataView data, ThresholdLearner learner, AnomalyNormalizationOptions options,
        int folds, string? groupColumnName, int seed)
    {
        long[] groups = groupColumnName is null
            ? [.. Enumerable.Range(0, CountRows(data)).Select(row => (long)row)]
            : ReadGroups(data, groupColumnName, out _);
        int[] foldOf = Folds.Assign(groups, folds, seed);
        LearningData[] heldOut = [.. Enumerable.Range(0, folds).Select(fold =>
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            ITransformer model = detector.Fit(new FoldDataView(data, foldOf, fold, isHeldOut: false));
            var rows = new FoldDataView(data, foldOf, fold, isHeldOut: true);
            return new LearningData(
                model.Transform(rows), rows.RowNumbers, groupColumnName is null ? null : [.. rows.RowNumbers.Select(row => groups[row])]);
        })];
        (ThresholdFit? image, ThresholdFit? pixel) = learner.Learn(heldOut);

        ITransformer ofAll = detector.Fit(data);
        AnomalyThresholds thresholds = ThresholdLearner.ThresholdsOf(image, pixel);
        AnomalyNormalizationTransformer normalizer = new AnomalyNormalizationEstimator(new MLContext(seed).Transforms, thresholds, options)
            .Fit(ofAll.Transform(data), image, pixel);
        return new(ofAll, normalizer);
    }

    private static int CountRows(IDataView data)
    {
        using DataViewRowCursor cursor = data.GetRowCursor([]);
        int count = 0;
        while (cursor.MoveNext())
            count = checked(count + 1);
        return count;
    }

    /// <summary>The number of each row's group, and what the groups are called, by their numbers, in the order of their first rows.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static long[] ReadGroups(IDataView data, string name, out string[] names)
    {
        var numbers = new Dictionary<string, long>();
        const string Expected = "text, a key, Boolean or a whole number";
        if (data.Schema.GetColumnOrNull(name) is not { } column)
            throw MissingColumn.Exception(name, Expected, data.Schema.Select(other => other.Name), nameof(data));

        Type raw = column.Type.RawType;
        long[] groups = raw == typeof(ReadOnlyMemory<char>) ? Read<ReadOnlyMemory<char>>()
            : raw == typeof(bool) ? Read<bool>()
            : raw == typeof(int) ? Read<int>()
            : raw == typeof(long) ? Read<long>()
            : raw == typeof(byte) ? Read<byte>()
            : raw == typeof(ushort) ? Read<ushort>()
            : raw == typeof(uint) ? Read<uint>()
            : raw == typeof(ulong) ? Read<ulong>()
            : throw new ArgumentOutOfRangeException(nameof(data), $"Column '{name}': expected {Expected}, got {column.Type}.");
        names = [.. numbers.OrderBy(group => group.Value).Select(group => group.Key)];
        return groups;

        long[] Read<T>()
        {
            using DataViewRowCursor cursor = data.GetRowCursor([column]);
            ValueGetter<T> getter = cursor.GetGetter<T>(column);
            var groups = new List<long>();
            T group = default!;
            while (cursor.MoveNext())
            {
                getter(ref group);
                string name = $"{group}";
                if (!numbers.TryGetValue(name, out long number))
                    numbers.Add(name, number = numbers.Count);
                groups.Add(number);
            }

            return [.. groups];
        }
    }
}
