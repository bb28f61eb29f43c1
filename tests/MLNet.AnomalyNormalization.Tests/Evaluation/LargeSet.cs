namespace MLNet.AnomalyNormalization.Tests.Evaluation;

/// <summary>
/// Draws textured maps with bumps, and masks with defects of several kinds, from a seed alone, in whole numbers: the same on every machine.
/// The first 100 images of 256 x 256 with <see cref="Seed"/> are the large set of the golden values.
/// </summary>
internal sealed class LargeSet
{
    public const ulong Seed = 0xa11ce5eed;

    private readonly int _height;
    private readonly int _width;
    private readonly long[] _scores;
    private readonly byte[] _mask;
    private ulong _state;

    private LargeSet(ulong seed, int height, int width)
    {
        (_state, _height, _width) = (seed, height, width);
        _scores = new long[height * width];
        _mask = new byte[height * width];
    }

    public static ImageSet Draw(int count = 100, int height = 256, int width = 256, ulong seed = Seed)
    {
        var maps = new float[count][];
        var masks = new byte[count][];
        for (int i = 0; i < count; i++)
            (maps[i], masks[i]) = DrawImage(SplitMix64(ref seed), i % 2 == 1, height, width);
        return new(maps, masks, height, width);
    }

    public static ulong SplitMix64(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static (float[] Map, byte[] Mask) DrawImage(ulong seed, bool withDefects, int height, int width)
    {
        var image = new LargeSet(seed, height, width);
        image.DrawTexture();
        for (int count = image.Below(4); count > 0; count--)
        {
            int cx = image.Below(width), cy = image.Below(height), rx = 6 + image.Below(18), ry = 6 + image.Below(18);
            image.Bump(cx, cy, rx, ry, (long)image.Below(40) << 14);
        }

        for (int count = withDefects ? 1 + image.Below(4) : 0; count > 0; count--)
            image.DrawDefect();
        return ([.. image._scores.Select(score => Math.Min(score, 1000 << 14) / 16384f)], image._mask);
    }

    private int Below(int limit) => (int)(SplitMix64(ref _state) % (ulong)limit);

    private long[,] Lattice(int rows, int columns)
    {
        var values = new long[rows, columns];
        for (int y = 0; y < rows; y++)
        {
            for (int x = 0; x < columns; x++)
                values[y, x] = (long)(SplitMix64(ref _state) >> 48);
        }

        return values;
    }

    private void DrawTexture()
    {
        long[,] coarse = Lattice((_height / 32) + 1, (_width / 32) + 1), fine = Lattice((_height / 8) + 1, (_width / 8) + 1);
        long[,] noise = Lattice(_height, _width);
        for (int y = 0; y < _height; y++)
        {
            for (int x = 0; x < _width; x++)
            {
                long texture = (5 * Bilinear(coarse, 32, y, x)) + (2 * Bilinear(fine, 8, y, x)) + noise[y, x];
                _scores[(y * _width) + x] = 327680 + (15 * (texture >> 3));
            }
        }
    }

    private static long Bilinear(long[,] lattice, int cell, int y, int x)
    {
        int i = y / cell, j = x / cell, v = y % cell, u = x % cell;
        return (((cell - v) * (((cell - u) * lattice[i, j]) + (u * lattice[i, j + 1])))
            + (v * (((cell - u) * lattice[i + 1, j]) + (u * lattice[i + 1, j + 1])))) / (cell * cell);
    }

    private void Bump(long cx, long cy, long rx, long ry, long height)
    {
        long r = rx * rx * ry * ry;
        for (int y = 0; y < _height; y++)
        {
            for (int x = 0; x < _width; x++)
            {
                long q = ((x - cx) * (x - cx) * ry * ry) + ((y - cy) * (y - cy) * rx * rx);
                if (q < r)
                    _scores[(y * _width) + x] += height * (r - q) / r;
            }
        }
    }

    private void DrawDefect()
    {
        int kind = Below(4), cx = Below(_width), cy = Below(_height), p = Below(20), q = Below(20);
        long height = (long)(20 + Below(120)) << 14;
        if (kind <= 1)
        {
            DrawEllipse(cx, cy, 3 + p, 3 + q);
            Bump(cx + 2, cy - 1, p + 7, q + 7, height);
            return;
        }

        int length = kind == 2 ? 3 + p : 0;
        for (int t = 0; t <= length && cx + t < _width && cy + t < _height; t++)
        {
            int place = ((cy + t) * _width) + cx + t;
            _mask[place] = 1;
            _scores[place] += height;
            if (cx + t + 1 < _width)
                _scores[place + 1] += height >> 1;
        }
    }

    private void DrawEllipse(long cx, long cy, long rx, long ry)
    {
        for (int y = 0; y < _height; y++)
        {
            for (int x = 0; x < _width; x++)
            {
                if (((x - cx) * (x - cx) * ry * ry) + ((y - cy) * (y - cy) * rx * rx) <= rx * rx * ry * ry)
                    _mask[(y * _width) + x] = 1;
            }
        }
    }
}
