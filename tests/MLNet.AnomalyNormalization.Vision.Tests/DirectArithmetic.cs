using System.Text.Json;

namespace MLNet.AnomalyNormalization.Vision.Tests;

/// <summary>The formulas of PatchCore in Double, one loop for one sum: what graph and trainer are compared with.</summary>
internal static class DirectArithmetic
{
    public static double[] Numbers(JsonElement element) => [.. element.EnumerateArray().Select(value => value.GetDouble())];

    public static int[] Shape(JsonElement element) => [.. element.EnumerateArray().Select(value => value.GetInt32())];

    /// <summary>The mean over 3 x 3 pixels of every plane of a height x width; zeros beyond the border count.</summary>
    public static double[] Mean3x3(double[] planes, int height, int width)
    {
        var result = new double[planes.Length];
        for (int i = 0; i < planes.Length; i++)
        {
            int plane = i / (height * width) * height * width;
            int y = i / width % height;
            int x = i % width;
            for (int v = Math.Max(0, y - 1); v <= Math.Min(height - 1, y + 1); v++)
            {
                for (int u = Math.Max(0, x - 1); u <= Math.Min(width - 1, x + 1); u++)
                    result[i] += planes[plane + (v * width) + u] / 9;
            }
        }

        return result;
    }

    /// <summary>Bilinear enlargement of every plane, the corners of pixels aligned (half-pixel centres).</summary>
    public static double[] Bilinear(double[] planes, (int Height, int Width) from, (int Height, int Width) to)
    {
        int count = planes.Length / (from.Height * from.Width);
        var result = new double[count * to.Height * to.Width];
        for (int i = 0; i < result.Length; i++)
        {
            int plane = i / (to.Height * to.Width) * from.Height * from.Width;
            (int top, int bottom, double v) = Neighbours(i / to.Width % to.Height, from.Height, to.Height);
            (int left, int right, double u) = Neighbours(i % to.Width, from.Width, to.Width);
            double At(int y, int x) => planes[plane + (y * from.Width) + x];
            result[i] = ((1 - v) * (((1 - u) * At(top, left)) + (u * At(top, right))))
                + (v * (((1 - u) * At(bottom, left)) + (u * At(bottom, right))));
        }

        return result;

        static (int, int, double) Neighbours(int place, int from, int to)
        {
            double centre = Math.Max(0, ((place + 0.5) * from / to) - 0.5);
            int first = Math.Min((int)centre, from - 1);
            return (first, Math.Min(first + 1, from - 1), centre - first);
        }
    }

    public static double[] Nearest(double[] plane, (int Height, int Width) from, (int Height, int Width) to)
        => [.. Enumerable.Range(0, to.Height * to.Width)
            .Select(i => plane[(i / to.Width * from.Height / to.Height * from.Width) + (i % to.Width * from.Width / to.Width)])];

    /// <summary>The Gaussian blur of a map, sigma 4, 33 x 33 taps, reflected at the border.</summary>
    public static double[] Blur(double[] map, int height, int width)
    {
        const int Radius = 16;
        double[] taps = [.. Enumerable.Range(-Radius, (2 * Radius) + 1).Select(t => Math.Exp(-t * t / 32.0))];
        double sum = taps.Sum();
        var result = new double[map.Length];
        for (int i = 0; i < map.Length; i++)
        {
            for (int v = -Radius; v <= Radius; v++)
            {
                for (int u = -Radius; u <= Radius; u++)
                {
                    int y = Reflected((i / width) + v, height);
                    int x = Reflected((i % width) + u, width);
                    result[i] += taps[v + Radius] * taps[u + Radius] / (sum * sum) * map[(y * width) + x];
                }
            }
        }

        return result;

        static int Reflected(int place, int size) => place < 0 ? -place : place >= size ? (2 * (size - 1)) - place : place;
    }

    public static double Distance(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
            sum += (left[i] - right[i]) * (left[i] - right[i]);
        return Math.Sqrt(sum);
    }

    /// <summary>For every patch the distance to its nearest neighbour in the bank, and which that is.</summary>
    public static (double Distance, int Nearest)[] Distances(double[][] patches, double[][] bank)
        => [.. patches.Select(patch => bank.Select((neighbour, i) => (Distance(patch, neighbour), i)).Min())];

    /// <summary>The largest distance, weighted by how lonely the neighbour of that patch is among its own nine nearest.</summary>
    public static double WeightedScore(double[][] patches, double[][] bank)
    {
        ((double distance, int nearest), double[] patch) = Distances(patches, bank).Zip(patches).MaxBy(pair => pair.First.Distance);
        double[] support = [.. bank
            .OrderBy(neighbour => Distance(neighbour, bank[nearest]))
            .Take(9)
            .Select(neighbour => Math.Exp(Distance(neighbour, patch)))];
        return (1 - (support[0] / support.Sum())) * distance;
    }

    /// <summary>Greedy k-centre from the first point, and the covering radius.</summary>
    public static (int[] Chosen, double Radius) Coreset(double[][] points, int count)
    {
        List<int> chosen = [0];
        double[] distances = [.. points.Select(point => Distance(point, points[0]))];
        while (chosen.Count < count)
        {
            int farthest = Array.IndexOf(distances, distances.Max());
            chosen.Add(farthest);
            distances = [.. distances.Zip(points, (distance, point) => Math.Min(distance, Distance(point, points[farthest])))];
        }

        return ([.. chosen], distances.Max());
    }
}
