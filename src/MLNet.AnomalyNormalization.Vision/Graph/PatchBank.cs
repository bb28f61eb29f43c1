using MLNet.AnomalyNormalization.Vision.Training;

namespace MLNet.AnomalyNormalization.Vision.Graph;

/// <summary>The patches that new ones are compared with, less their mean: small numbers lose less when they are multiplied.</summary>
internal sealed class PatchBank
{
    public PatchBank(RowStore features, IReadOnlyList<int> rows)
    {
        (Count, Width) = (rows.Count, features.Width);
        var sums = new double[Width];
        foreach (int row in rows)
        {
            for (int i = 0; i < Width; i++)
                sums[i] += features[row][i];
        }

        Centre = Array.ConvertAll(sums, sum => (float)(sum / Count));
        Values = new float[Count * Width];
        SquaredLengths = new float[Count];
        for (int patch = 0; patch < Count; patch++)
        {
            double squares = 0;
            for (int i = 0; i < Width; i++)
            {
                float value = features[rows[patch]][i] - Centre[i];
                Values[(patch * Width) + i] = value;
                squares += (double)value * value;
            }

            SquaredLengths[patch] = (float)squares;
        }
    }

    public int Count { get; }

    public int Width { get; }

    /// <summary>The mean of the patches.</summary>
    public float[] Centre { get; }

    /// <summary>The patches less their mean, count x width, row-major.</summary>
    public float[] Values { get; }

    public float[] SquaredLengths { get; }
}
