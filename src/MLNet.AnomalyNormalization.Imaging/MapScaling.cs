namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>
/// Finds the places of a map that the pixels of an image lie on. The map covers an area of the image; pixels stand for their centres.
/// </summary>
internal sealed class MapScaling(MapSize map, MapSize image, PictureArea area = default)
{
    private readonly Axis _rows = new(map.Height, image.Height, area.Top, area.Height);
    private readonly Axis _columns = new(map.Width, image.Width, area.Left, area.Width);

    /// <summary>Whether the centre of an image pixel lies in the area of the map.</summary>
    public bool Covers(int y, int x) => _rows.IsInside[y] && _columns.IsInside[x];

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
        // Places are fractions that were rounded: one that is on a border belongs to what begins there.
        private const double Rounding = 1e-9;

        public Axis(int from, int to, double start, double extent)
        {
            IsInside = new bool[to];
            Nearest = new int[to];
            First = new int[to];
            Second = new int[to];
            Share = new float[to];
            for (int i = 0; i < to; i++)
            {
                double center = ((((i + 0.5) / to) - start) / extent * from) + Rounding;
                IsInside[i] = center >= 0 && center < from;
                Nearest[i] = Math.Clamp((int)center, 0, from - 1);
                double place = Math.Clamp(center - 0.5, 0, from - 1);
                First[i] = (int)place;
                Second[i] = Math.Min(First[i] + 1, from - 1);
                Share[i] = (float)Math.Max(0, place - First[i] - Rounding);
            }
        }

        public bool[] IsInside { get; }

        public int[] Nearest { get; }

        public int[] First { get; }

        public int[] Second { get; }

        public float[] Share { get; }
    }
}
