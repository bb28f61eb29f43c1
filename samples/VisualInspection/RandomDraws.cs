namespace VisualInspection;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood, 2014): a few lines that give the same numbers on every machine and every .NET, which
/// <see cref="Random"/> doesn't promise.
/// </summary>
internal sealed class RandomDraws(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform between the bounds.</summary>
    public double Between(double low, double high) => low + ((high - low) * ((Next() >> 11) * (1.0 / (1UL << 53))));

    /// <summary>A direction: a vector of length 1. By rejection, as sine and cosine differ between machines in the last bit.</summary>
    public (double X, double Y) Direction()
    {
        while (true)
        {
            (double x, double y) = (Between(-1, 1), Between(-1, 1));
            double square = (x * x) + (y * y);
            if (square is > 0.01 and <= 1)
                return (x / Math.Sqrt(square), y / Math.Sqrt(square));
        }
    }

    /// <summary>A smooth random surface: values in -1..1 on a grid with the given cell, with smooth interpolation between them.</summary>
    public Func<double, double, double> Surface(int size, double cell)
    {
        int side = (int)(size / cell) + 3;
        double[] values = new double[side * side];
        for (int i = 0; i < values.Length; i++)
            values[i] = Between(-1, 1);

        return (x, y) =>
        {
            (double u, double v) = (Math.Clamp(x / cell, 0, side - 2), Math.Clamp(y / cell, 0, side - 2));
            (int column, int row) = ((int)u, (int)v);
            (u, v) = (Smooth(u - column), Smooth(v - row));
            int i = (row * side) + column;
            return ((1 - v) * (((1 - u) * values[i]) + (u * values[i + 1])))
                + (v * (((1 - u) * values[i + side]) + (u * values[i + side + 1])));
        };

        static double Smooth(double t) => t * t * (3 - (2 * t));
    }
}
