namespace MLNet.AnomalyNormalization.Evaluation.Curves;

/// <summary>A sum whose error doesn't grow with the number of terms (Kahan 1965).</summary>
internal struct CompensatedSum
{
    private double _lost;

    public double Value { get; private set; }

    public void Add(double term)
    {
        double corrected = term - _lost;
        double sum = Value + corrected;
        _lost = (sum - Value) - corrected;
        Value = sum;
    }
}
