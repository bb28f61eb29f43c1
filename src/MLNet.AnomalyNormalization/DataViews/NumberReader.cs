using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>Reads a number of every type of ML.NET's.</summary>
internal static class NumberReader
{
    public static bool CanRead(DataViewType type) => type is NumberDataViewType && type.RawType != typeof(DataViewRowId);

    /// <summary>A reader of the present row's number, rounded where it is a whole one beyond 2^53.</summary>
    public static Func<double> Of(DataViewRow row, DataViewSchema.Column column) => column.Type.RawType switch
    {
        var type when type == typeof(float) => Of<float>(row, column, number => number),
        var type when type == typeof(double) => Of<double>(row, column, number => number),
        var type when type == typeof(sbyte) => Of<sbyte>(row, column, number => number),
        var type when type == typeof(byte) => Of<byte>(row, column, number => number),
        var type when type == typeof(short) => Of<short>(row, column, number => number),
        var type when type == typeof(ushort) => Of<ushort>(row, column, number => number),
        var type when type == typeof(int) => Of<int>(row, column, number => number),
        var type when type == typeof(uint) => Of<uint>(row, column, number => number),
        var type when type == typeof(long) => Of<long>(row, column, number => number),
        _ => Of<ulong>(row, column, number => number),
    };

    private static Func<double> Of<T>(DataViewRow row, DataViewSchema.Column column, Func<T, double> convert)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T number = default!;
        return () =>
        {
            getter(ref number);
            return convert(number);
        };
    }
}
