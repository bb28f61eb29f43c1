using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MLNet.AnomalyNormalization.Scale;

/// <summary>
/// The few operations that the normalisation formula needs, on one or more elements side by side, so that the formula stands once for
/// every width of the hardware.
/// </summary>
internal interface ILanes<TSelf, T>
    where TSelf : struct, ILanes<TSelf, T>
{
    static abstract int Count { get; }

    static abstract TSelf Create(T value);

    /// <summary>Reads <see cref="Count"/> elements; the caller keeps <paramref name="index"/> within the span.</summary>
    static abstract TSelf Load(ReadOnlySpan<T> source, int index);

    /// <summary>Writes <see cref="Count"/> elements; the caller keeps <paramref name="index"/> within the span.</summary>
    void Store(Span<T> destination, int index);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>Per element: <c>left &gt;= right ? then : otherwise</c>; a comparison with NaN is false.</summary>
    static abstract TSelf WhereAtLeast(TSelf left, TSelf right, TSelf then, TSelf otherwise);
}

internal readonly struct ScalarLane<T>(T value) : ILanes<ScalarLane<T>, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public readonly T Value = value;

    public static int Count => 1;

    public static ScalarLane<T> Create(T value) => new(value);

    public static ScalarLane<T> Load(ReadOnlySpan<T> source, int index) => new(source[index]);

    public void Store(Span<T> destination, int index) => destination[index] = Value;

    public static ScalarLane<T> operator +(ScalarLane<T> left, ScalarLane<T> right) => new(left.Value + right.Value);

    public static ScalarLane<T> operator *(ScalarLane<T> left, ScalarLane<T> right) => new(left.Value * right.Value);

    public static ScalarLane<T> operator /(ScalarLane<T> left, ScalarLane<T> right) => new(left.Value / right.Value);

    public static ScalarLane<T> WhereAtLeast(ScalarLane<T> left, ScalarLane<T> right, ScalarLane<T> then, ScalarLane<T> otherwise)
        => left.Value >= right.Value ? then : otherwise;
}

internal readonly struct Lanes128<T>(Vector128<T> value) : ILanes<Lanes128<T>, T>
    where T : unmanaged
{
    private readonly Vector128<T> _value = value;

    public static int Count => Vector128<T>.Count;

    public static Lanes128<T> Create(T value) => new(Vector128.Create(value));

    public static Lanes128<T> Load(ReadOnlySpan<T> source, int index)
        => new(Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(source), (nuint)index));

    public void Store(Span<T> destination, int index) => _value.StoreUnsafe(ref MemoryMarshal.GetReference(destination), (nuint)index);

    public static Lanes128<T> operator +(Lanes128<T> left, Lanes128<T> right) => new(left._value + right._value);

    public static Lanes128<T> operator *(Lanes128<T> left, Lanes128<T> right) => new(left._value * right._value);

    public static Lanes128<T> operator /(Lanes128<T> left, Lanes128<T> right) => new(left._value / right._value);

    public static Lanes128<T> WhereAtLeast(Lanes128<T> left, Lanes128<T> right, Lanes128<T> then, Lanes128<T> otherwise)
        => new(Vector128.ConditionalSelect(Vector128.GreaterThanOrEqual(left._value, right._value), then._value, otherwise._value));
}

internal readonly struct Lanes256<T>(Vector256<T> value) : ILanes<Lanes256<T>, T>
    where T : unmanaged
{
    private readonly Vector256<T> _value = value;

    public static int Count => Vector256<T>.Count;

    public static Lanes256<T> Create(T value) => new(Vector256.Create(value));

    public static Lanes256<T> Load(ReadOnlySpan<T> source, int index)
        => new(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(source), (nuint)index));

    public void Store(Span<T> destination, int index) => _value.StoreUnsafe(ref MemoryMarshal.GetReference(destination), (nuint)index);

    public static Lanes256<T> operator +(Lanes256<T> left, Lanes256<T> right) => new(left._value + right._value);

    public static Lanes256<T> operator *(Lanes256<T> left, Lanes256<T> right) => new(left._value * right._value);

    public static Lanes256<T> operator /(Lanes256<T> left, Lanes256<T> right) => new(left._value / right._value);

    public static Lanes256<T> WhereAtLeast(Lanes256<T> left, Lanes256<T> right, Lanes256<T> then, Lanes256<T> otherwise)
        => new(Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(left._value, right._value), then._value, otherwise._value));
}

internal readonly struct Lanes512<T>(Vector512<T> value) : ILanes<Lanes512<T>, T>
    where T : unmanaged
{
    private readonly Vector512<T> _value = value;

    public static int Count => Vector512<T>.Count;

    public static Lanes512<T> Create(T value) => new(Vector512.Create(value));

    public static Lanes512<T> Load(ReadOnlySpan<T> source, int index)
        => new(Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(source), (nuint)index));

    public void Store(Span<T> destination, int index) => _value.StoreUnsafe(ref MemoryMarshal.GetReference(destination), (nuint)index);

    public static Lanes512<T> operator +(Lanes512<T> left, Lanes512<T> right) => new(left._value + right._value);

    public static Lanes512<T> operator *(Lanes512<T> left, Lanes512<T> right) => new(left._value * right._value);

    public static Lanes512<T> operator /(Lanes512<T> left, Lanes512<T> right) => new(left._value / right._value);

    public static Lanes512<T> WhereAtLeast(Lanes512<T> left, Lanes512<T> right, Lanes512<T> then, Lanes512<T> otherwise)
        => new(Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(left._value, right._value), then._value, otherwise._value));
}
