using System.Globalization;
using MLNet.AnomalyNormalization.Onnx.Format;
using static MLNet.AnomalyNormalization.Onnx.Format.TensorProto.Types;

namespace MLNet.AnomalyNormalization.Onnx.Graphs;

/// <summary>The element types of ONNX tensors and their .NET types.</summary>
internal static class ElementType
{
    private static readonly Dictionary<DataType, Type> Types = new()
    {
        [DataType.Float] = typeof(float),
        [DataType.Double] = typeof(double),
        [DataType.Float16] = typeof(Half),
        [DataType.Bool] = typeof(bool),
        [DataType.Uint8] = typeof(byte),
        [DataType.Int8] = typeof(sbyte),
        [DataType.Uint16] = typeof(ushort),
        [DataType.Int16] = typeof(short),
        [DataType.Uint32] = typeof(uint),
        [DataType.Int32] = typeof(int),
        [DataType.Uint64] = typeof(ulong),
        [DataType.Int64] = typeof(long),
        [DataType.String] = typeof(string),
    };

    /// <summary>The .NET type, or null where there is none.</summary>
    public static Type? Of(TypeProto? type) => Types.GetValueOrDefault((DataType)(type?.TensorType?.ElemType ?? 0));

    public static DataType Of<T>() => Of(typeof(T));

    public static DataType Of(Type type) => Types.First(pair => pair.Value == type).Key;

    /// <summary>The dimensions, null for those that aren't fixed; null where even their number is open.</summary>
    public static IReadOnlyList<long?>? ShapeOf(TypeProto? type)
        => type?.TensorType?.Shape?.Dim.Select(dimension => dimension.DimValue > 0 ? dimension.DimValue : (long?)null).ToArray();

    /// <summary>Whether ML.NET has a type for it: all that are listed here but Half.</summary>
    public static bool IsKnownToMlNet(int type) => (DataType)type != DataType.Float16 && Types.ContainsKey((DataType)type);

    public static bool IsScore(Type? type) => type == typeof(float) || type == typeof(double) || type == typeof(Half);

    /// <summary>A type and shape for people, for instance <c>Single [? x 3 x 224 x 224]</c>.</summary>
    public static string Describe(Type? type, IReadOnlyList<long?>? shape)
    {
        string sizes = shape is null ? "of unknown shape"
            : $"[{string.Join(" x ", shape.Select(size => size?.ToString(CultureInfo.InvariantCulture) ?? "?"))}]";
        return $"{type?.Name ?? "unsupported type"} {sizes}";
    }
}
