using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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

    /// <summary>
    /// Per element the greater of a limit and a value; NaN stays. The instructions of x86 say so too, if the limit comes first: their result
    /// is the second operand wherever none is greater. (For zeros of both signs that differs from a comparison; the formula gives no -0.)
    /// </summary>
    static virtual TSelf AtLeast(TSelf limit, TSelf value) => TSelf.WhereAtLeast(limit, value, limit, value);

    /// <summary>Per element the lesser of a limit and a value; NaN stays.</summary>
    static virtual TSelf AtMost(TSelf limit, TSelf value) => TSelf.WhereAtLeast(value, limit, limit, value);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> AtLeast(Lanes128<T> limit, Lanes128<T> value)
        => typeof(T) == typeof(float) && Sse.IsSupported
                ? new(Sse.Max(limit._value.AsSingle(), value._value.AsSingle()).As<float, T>())
            : typeof(T) == typeof(double) && Sse2.IsSupported
                ? new(Sse2.Max(limit._value.AsDouble(), value._value.AsDouble()).As<double, T>())
            : WhereAtLeast(limit, value, limit, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> AtMost(Lanes128<T> limit, Lanes128<T> value)
        => typeof(T) == typeof(float) && Sse.IsSupported
                ? new(Sse.Min(limit._value.AsSingle(), value._value.AsSingle()).As<float, T>())
            : typeof(T) == typeof(double) && Sse2.IsSupported
                ? new(Sse2.Min(limit._value.AsDouble(), value._value.AsDouble()).As<double, T>())
            : WhereAtLeast(value, limit, limit, value);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> AtLeast(Lanes256<T> limit, Lanes256<T> value)
        => typeof(T) == typeof(float) && Avx.IsSupported
                ? new(Avx.Max(limit._value.AsSingle(), value._value.AsSingle()).As<float, T>())
            : typeof(T) == typeof(double) && Avx.IsSupported
                ? new(Avx.Max(limit._value.AsDouble(), value._value.AsDouble()).As<double, T>())
            : WhereAtLeast(limit, value, limit, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> AtMost(Lanes256<T> limit, Lanes256<T> value)
        => typeof(T) == typeof(float) && Avx.IsSupported
                ? new(Avx.Min(limit._value.AsSingle(), value._value.AsSingle()).As<float, T>())
            : typeof(T) == typeof(double) && Avx.IsSupported
                ? new(Avx.Min(limit._value.AsDouble(), value._value.AsDouble()).As<double, T>())
            : WhereAtLeast(value, limit, limit, value);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> AtLeast(Lanes512<T> limit, Lanes512<T> value)
        => typeof(T) == typeof(float) && Avx512F.IsSupported
                ? new(Avx512F.Max(limit._value.AsSingle(), value._value.AsSingle()).As<float, T>())
            : typeof(T) == typeof(double) && Avx512F.IsSupported
                ? new(Avx512F.Max(limit._value.AsDouble(), value._value.AsDouble()).As<double, T>())
            : WhereAtLeast(limit, value, limit, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> AtMost(Lanes512<T> limit, Lanes512<T> value)
        => typeof(T) == typeof(float) && Avx512F.IsSupported
                ? new(Avx512F.Min(limit._value.AsSingle(), value._value.AsSingle()).As<float, T>())
            : typeof(T) == typeof(double) && Avx512F.IsSupported
                ? new(Avx512F.Min(limit._value.AsDouble(), value._value.AsDouble()).As<double, T>())
            : WhereAtLeast(value, limit, limit, value);
}
