using System.Collections;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>Values that are equal to others by content, NaN to NaN, so that the metrics that hold them compare as records should.</summary>
internal sealed class EquatableList(IEnumerable<double> values) : IReadOnlyList<double>
{
    private readonly double[] _values = [.. values];

    public int Count => _values.Length;

    public double this[int index] => _values[index];

    public override bool Equals(object? obj) => obj is EquatableList other && _values.AsSpan().SequenceEqual(other._values);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (double value in _values)
            hash.Add(value);
        return hash.ToHashCode();
    }

    public IEnumerator<double> GetEnumerator() => ((IEnumerable<double>)_values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
