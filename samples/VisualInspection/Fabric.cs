namespace VisualInspection;

/// <summary>
/// A picture of woven linen, and of what can go wrong with it. Only additions, multiplications, divisions and square roots are used, so
/// that every machine draws the same pixels. A severity runs from 0, hard to see, to 1, plain.
/// </summary>
internal sealed class Fabric
{
    /// <summary>Height and width, in pixels.</summary>
    public const int Size = 256;

    // Distance of the threads, in pixels.
    private const double Pitch = 4.5;

    private readonly Tint[] _pixels = new Tint[Size * Size];
    private readonly bool[] _defects = new bool[Size * Size];
    private readonly RandomDraws _random;

    public Fabric(ulong seed)
    {
        _random = new RandomDraws(seed);
        Weave();
    }

    /// <summary>Red, green and blue, 0..255, for each pixel, row by row, then opaque alpha.</summary>
    public byte[] Pixels => Rgba(_pixels);

    public bool HasDefect => _defects.Contains(true);

    /// <summary>The ground truth in the same form: white where the defect is, black elsewhere.</summary>
    public byte[] Mask => Rgba(_defects.Select(defect => Tint.Gray(defect ? 255 : 0)));

    /// <summary>A long, thin cut: dark, with a light frayed edge.</summary>
    public void Cut(double severity)
    {
        (double X, double Y)[] path = Curve(length: 46 + (46 * severity), bend: 12);
        double radius = 1.8 + (2 * severity);
        Paint((x, y) =>
        {
            double distance = DistanceTo(path, x, y);
            double depth = Ramp(radius + 0.5 - distance) * (0.38 + (0.42 * severity));
            double fray = (Ramp(radius + 2.5 - distance) - Ramp(radius + 0.5 - distance)) * 0.15 * severity;
            return (distance < radius + 0.5, Tint.Gray(1 - depth + fray), Tint.Gray(0));
        });
    }

    /// <summary>A brownish, wet-looking stain with an uneven border.</summary>
    public void Stain(double severity)
    {
        double strength = 0.14 + (0.24 * severity);
        Func<double, double, double> inside = Blob(radius: 10 + (13 * severity), roughness: 0.3);
        Paint((x, y) =>
        {
            double weight = Ramp(inside(x, y) * 3);
            Tint keep = new(1 - (0.8 * strength * weight), 1 - (1.1 * strength * weight), 1 - (1.5 * strength * weight));
            return (weight > 0.5, keep, Tint.Gray(0));
        });
    }

    /// <summary>A hole, through which the dark table is seen, with the threads around it pushed together.</summary>
    public void Hole(double severity)
    {
        Func<double, double, double> inside = Blob(radius: 4.8 + (16 * severity), roughness: 0.4);
        Paint((x, y) =>
        {
            double open = Ramp(inside(x, y) * 4);
            double rim = Ramp((inside(x, y) + 0.6) * 2) * (1 - open);
            return (open > 0.5, Tint.Gray((1 - open) * (1 + (0.12 * rim))), Tint.Gray(34 * open));
        });
    }

    /// <summary>A wide, soft patch in which the dye has another hue.</summary>
    public void Discoloration(double severity)
    {
        double strength = (0.05 + (0.09 * severity)) * (_random.Between(-1, 1) < 0 ? -1 : 1);
        Func<double, double, double> inside = Blob(radius: 25 + (14 * severity), roughness: 0.2);
        Paint((x, y) =>
        {
            double weight = Ramp(inside(x, y) * 2);
            return (weight > 0.5, new Tint(1 + (weight * strength), 1 + (0.1 * weight * strength), 1 - (weight * strength)), Tint.Gray(0));
        });
    }

    /// <summary>A loose piece of yarn on top, with the shadow that it throws.</summary>
    public void Thread(double severity)
    {
        (double X, double Y)[] path = Curve(length: 29 + (69 * severity), bend: 35);
        Tint color = severity > 0.5 ? new Tint(168, 52, 48) : new Tint(232, 224, 204);
        double radius = 2.2 + (2 * severity);
        Paint((x, y) =>
        {
            double distance = DistanceTo(path, x, y);
            double cover = Ramp(radius + 0.5 - distance);
            double shadow = 0.3 * Ramp((radius + 2 - DistanceTo(path, x - 1.5, y - 2)) / 2);
            double roundness = 1 - (0.4 * Math.Min(1, distance / radius));
            return (cover > 0.5, Tint.Gray((1 - cover) * (1 - shadow)), color * (cover * roundness));
        });
    }

    // Plain weave: warp and weft go over each other in turn, every thread has its own shade, and the cloth lies a little uneven.
    private void Weave()
    {
        Func<double, double, double> drift = _random.Surface(Size, cell: 64);
        Func<double, double, double> sag = _random.Surface(Size, cell: 54);
        Func<double, double, double> light = _random.Surface(Size, cell: 120);
        Func<double, double, double> slub = _random.Surface(Size, cell: 21);
        const int Threads = (int)(Size / Pitch) + 4;
        double[] warpShades = [.. Enumerable.Range(0, Threads).Select(_ => _random.Between(0.93, 1.07))];
        double[] weftShades = [.. Enumerable.Range(0, Threads).Select(_ => _random.Between(0.93, 1.07))];
        (double offsetX, double offsetY) = (_random.Between(0, Pitch), _random.Between(0, Pitch));
        double exposure = _random.Between(0.98, 1.02);
        double warmth = _random.Between(-0.01, 0.01);
        Tint lamp = new(exposure * (1 + warmth), exposure, exposure * (1 - warmth));

        Paint((x, y) =>
        {
            double u = (x + offsetX + Pitch + (1.5 * drift(x, y))) / Pitch;
            double v = (y + offsetY + Pitch + (1.5 * sag(x, y))) / Pitch;
            (int column, int row) = ((int)u, (int)v);
            (double across, double along) = ((2 * (u - column)) - 1, (2 * (v - row)) - 1);
            bool warpOnTop = (column + row) % 2 == 0;
            if (!warpOnTop)
                (across, along) = (along, across);

            double shade = warpOnTop ? warpShades[column] : weftShades[row];
            double relief = 1 - (0.38 * across * across) - (0.22 * along * along);
            double thickness = warpOnTop ? slub(column * Pitch, y / 2) : slub(x / 2, row * Pitch);
            double uneven = 1 + (0.03 * light(x, y)) + (0.14 * thickness * thickness * thickness);
            Tint thread = warpOnTop ? new Tint(203, 188, 160) : new Tint(190, 179, 157);
            double grain = _random.Between(-7, 7);
            return (false, Tint.Gray(0), (thread * lamp * (shade * relief * uneven)) + Tint.Gray(grain));
        });
    }

    // Every pixel becomes itself times Keep plus Add.
    private void Paint(Func<double, double, (bool IsDefect, Tint Keep, Tint Add)> layer)
    {
        for (int y = 0; y < Size; y++)
        {
            for (int x = 0; x < Size; x++)
            {
                (bool isDefect, Tint keep, Tint add) = layer(x, y);
                int i = (y * Size) + x;
                _pixels[i] = (_pixels[i] * keep) + add;
                _defects[i] |= isDefect;
            }
        }
    }

    // A bent line somewhere in the picture, as points half a pixel apart or closer: a quadratic Bézier curve.
    private (double X, double Y)[] Curve(double length, double bend)
    {
        (double middleX, double middleY) = (_random.Between(40, Size - 40), _random.Between(40, Size - 40));
        (double directionX, double directionY) = _random.Direction();
        (double halfX, double halfY) = (directionX * length / 2, directionY * length / 2);
        double sideways = _random.Between(-bend, bend);
        (double controlX, double controlY) = (middleX - (directionY * sideways), middleY + (directionX * sideways));
        const int Points = 200;
        return [.. Enumerable.Range(0, Points + 1).Select(i => i / (double)Points).Select(t =>
            (Bend(middleX - halfX, controlX, middleX + halfX, t), Bend(middleY - halfY, controlY, middleY + halfY, t)))];

        static double Bend(double from, double control, double to, double t)
            => ((1 - t) * (1 - t) * from) + (2 * t * (1 - t) * control) + (t * t * to);
    }

    private static double DistanceTo((double X, double Y)[] path, double x, double y)
    {
        double nearest = double.PositiveInfinity;
        foreach ((double pathX, double pathY) in path)
            nearest = Math.Min(nearest, ((pathX - x) * (pathX - x)) + ((pathY - y) * (pathY - y)));
        return Math.Sqrt(nearest);
    }

    // A rough disc: positive inside, 1 at its middle, 0 on its border, negative outside.
    private Func<double, double, double> Blob(double radius, double roughness)
    {
        (double middleX, double middleY) = (_random.Between(30, Size - 30), _random.Between(30, Size - 30));
        Func<double, double, double> border = _random.Surface(Size, cell: radius / 2);
        return (x, y) =>
        {
            double square = ((x - middleX) * (x - middleX)) + ((y - middleY) * (y - middleY));
            return 1 - (Math.Sqrt(square) / radius) + (roughness * border(x, y));
        };
    }

    private static double Ramp(double value) => Math.Clamp(value, 0, 1);

    private static byte[] Rgba(IEnumerable<Tint> pixels)
    {
        return [.. pixels.SelectMany(pixel => new[] { Byte(pixel.Red), Byte(pixel.Green), Byte(pixel.Blue), byte.MaxValue })];

        static byte Byte(double value) => (byte)Math.Clamp(value + 0.5, 0, 255);
    }

    private readonly record struct Tint(double Red, double Green, double Blue)
    {
        public static Tint Gray(double value) => new(value, value, value);

        public static Tint operator +(Tint left, Tint right) => new(left.Red + right.Red, left.Green + right.Green, left.Blue + right.Blue);

        public static Tint operator *(Tint left, Tint right) => new(left.Red * right.Red, left.Green * right.Green, left.Blue * right.Blue);

        public static Tint operator *(Tint tint, double factor) => tint * Gray(factor);
    }
}
