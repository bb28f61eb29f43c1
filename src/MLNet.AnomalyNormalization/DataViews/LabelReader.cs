using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// Reads labels of every type that says whether a row is anomalous: Boolean, numbers with 0, 1 and, for unknown, -1 or NaN, text, and keys
/// of such values. Keys without values are those of ML.NET's own evaluator: the first of two is normal.
/// </summary>
internal static class LabelReader
{
    public const string Expected = "Boolean, a number (0, 1 and, for unknown, -1 or NaN), text, or a key of such values";

    private static readonly string[] s_unknown = ["", "-1", "NaN", "unknown"];

    public static bool CanRead(DataViewType type)
        => type is BooleanDataViewType or TextDataViewType or KeyDataViewType
            || NumberReader.CanRead(type);

    /// <summary>A reader of the present row's label, null where it is unknown.</summary>
    /// <exception cref="FormatException">A label means nothing; the message says what came and what was due.</exception>
    public static Func<bool?> Of(DataViewRow row, DataViewSchema.Column column, IReadOnlyList<string> normalLabels)
        => column.Type is KeyDataViewType key ? OfKeys(row, column, key, normalLabels)
            : column.Type switch
            {
                BooleanDataViewType => Of<bool>(row, column, label => label),
                TextDataViewType => Of<ReadOnlyMemory<char>>(row, column, label => Meaning(label.ToString(), normalLabels)),
                _ => OfNumbers(NumberReader.Of(row, column)),
            };

    private static Func<bool?> Of<T>(DataViewRow row, DataViewSchema.Column column, Func<T, bool?> meaning)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T label = default!;
        return () =>
        {
            getter(ref label);
            return meaning(label);
        };
    }

    private static Func<bool?> OfNumbers(Func<double> number) => () => Meaning(number());

    private static Func<bool?> OfKeys(DataViewRow row, DataViewSchema.Column column, KeyDataViewType key, IReadOnlyList<string> normalLabels)
    {
        string[]? values = ValuesOf(column, "KeyValues");
        return key.RawType switch
        {
            var type when type == typeof(byte) => Of<byte>(row, column, label => MeaningOfKey(label)),
            var type when type == typeof(ushort) => Of<ushort>(row, column, label => MeaningOfKey(label)),
            var type when type == typeof(uint) => Of<uint>(row, column, label => MeaningOfKey(label)),
            _ => Of<ulong>(row, column, MeaningOfKey),
        };

        bool? MeaningOfKey(ulong label)
            => label == 0 ? null
                : values is not null && label <= (ulong)values.Length ? Meaning(values[label - 1], normalLabels)
                : key.Count == 2 ? label == 2
                : throw new FormatException(
                    $"the label is key {label} of {key.Count} without values; expected keys with values, as MapValueToKey makes them, or two keys");
    }

    /// <summary>The labels that an annotation lists, a vector of text, Boolean or numbers, as text, which means the same; null if it doesn't.</summary>
    public static string[]? ValuesOf(DataViewSchema.Column column, string annotation)
    {
        if (column.Annotations.Schema.GetColumnOrNull(annotation) is not { Type: VectorDataViewType type })
            return null;

        return type.ItemType.RawType == typeof(ReadOnlyMemory<char>) ? Read<ReadOnlyMemory<char>>()
            : type.ItemType.RawType == typeof(bool) ? Read<bool>()
            : type.ItemType.RawType == typeof(float) ? Read<float>()
            : type.ItemType.RawType == typeof(double) ? Read<double>()
            : type.ItemType.RawType == typeof(int) ? Read<int>()
            : type.ItemType.RawType == typeof(long) ? Read<long>()
            : null;

        string[] Read<T>()
        {
            VBuffer<T> values = default;
            column.Annotations.GetValue(annotation, ref values);
            return [.. values.DenseValues().Select(value => FormattableString.Invariant($"{value}"))];
        }
    }

    private static bool? Meaning(double label) => label switch
    {
        0 => false,
        1 => true,
        -1 or double.NaN => null,
        _ => throw new FormatException(FormattableString.Invariant($"the label is {label}; expected 0, 1 or, for unknown, -1 or NaN")),
    };

    private static bool? Meaning(string label, IReadOnlyList<string> normalLabels)
        => normalLabels.Contains(label, StringComparer.OrdinalIgnoreCase) ? false
            : s_unknown.Contains(label, StringComparer.OrdinalIgnoreCase) ? null
            : label is not "0" && !label.Equals("false", StringComparison.OrdinalIgnoreCase);
}
