namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>
/// Finds the places of a map that the pixels of an image lie on. Both cover the same area; pixels stand for their centres.
/// </summary>
internal sealed class MapScaling(MapSize map, MapSize image)
{
    private readonly Axis _rows = new(map.Height, image.Height);
    private readonly Axis _columns = new(map.Width, image.Width);

    /// <summary>The index of the pixel of the map that the centre of an image pixel lies in; on a border the later one.</summary>
    public int Nearest(int y, int x) => (_rows.Nearest[y] * map.Width) + _columns.Nearest[x];

    /// <summary>
    /// The value at the centre of an image pixel, linear between the centres of the map's pixels and constant beyond the outermost.
    /// </summary>
    public float Bilinear(float[] values, int y, int x)
    {
        int top = _rows.First[y] * map.Width, bottom = _rows.Second[y] * map.Width;
        int left = _columns.First[x], right = _columns.Second[x];
        float share = _columns.Share[x];
        float above = Between(values[top + left], values[top + right], share);
        float below = Between(values[bottom + left], values[bottom + right], share);
        return Between(above, below, _rows.Share[y]);
    }

    // Exact where both ends are equal, which keeps plain areas plain.
    private static float Between(float first, float second, float share) => first + ((second - first) * share);

    private sealed class Axis
    {
        public Axis(int from, int to)
        {
            Nearest = new int[to];
            First = new int[to];
            Second = new int[to];
            Share = new float[to];
            for (int i = 0; i < to; i++)
            {
                // The centre of a pixel in whole units: half an image pixel is `from` of 2 * `to` parts of a map pixel.
                long center = ((2L * i) + 1) * from;
                Nearest[i] = (int)(center / (2L * to));
                long place = Math.Clamp(center - to, 0, 2L * to * (from - 1));
                First[i] = (int)(place / (2L * to));
                Second[i] = Math.Min(First[i] + 1, from - 1);
                Share[i] = (float)(place % (2L * to)) / (2L * to);
            }
        }

        public int[] Nearest { get; }

        public int[] First { get; }

        public int[] Second { get; }

        public float[] Share { get; }
    }
}
