namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>256 colours of 8 bits a channel (sRGB), from the lower end of the heat map's window to the upper.</summary>
internal sealed class ColorTable
{
    // By hand, though OxyPlot has palettes: its Jet runs between a handful of named colours and is not that of OpenCV, in which quadra
    // draws, and the even one here has its path and its middle, the threshold, where heat maps need them.
    public const int Count = 256;

    // Lightness 0..1, chroma and hue in degrees of Oklab; all the lines between them lie within sRGB.
    private static readonly (double Lightness, double Chroma, double Hue)[] s_evenPath =
    [
        (0.22, 0.10, 268), (0.40, 0.19, 290), (0.57, 0.20, 345), (0.72, 0.17, 45), (0.93, 0.15, 103),
    ];

    private static readonly ColorTable s_even = new(FollowEvenPath());
    private static readonly ColorTable s_jet = new([.. Enumerable.Range(0, Count).Select(i => Jet(i / (Count - 1.0)))]);

    private readonly Rgb[] _colors;

    private ColorTable(Rgb[] colors) => _colors = colors;

    public readonly record struct Rgb(byte Red, byte Green, byte Blue);

    public static ColorTable Of(HeatMapColors colors) => colors switch
    {
        HeatMapColors.Even => s_even,
        HeatMapColors.Jet => s_jet,
        _ => throw new ArgumentOutOfRangeException(nameof(colors), colors, "There are no such colours; use Even or Jet."),
    };

    /// <summary>The colour at a position of the window, 0..1; the upper half begins exactly at 0.5, which is the threshold.</summary>
    public Rgb At(float position) => _colors[Math.Min((int)(position * Count), Count - 1)];

    /// <summary>Walks the path at constant speed in Oklab, where equal distances look equally different.</summary>
    private static Rgb[] FollowEvenPath()
    {
        Oklab[] corners = [.. s_evenPath.Select(point => Oklab.FromPolar(point.Lightness, point.Chroma, point.Hue))];
        double[] lengths = [.. corners.Zip(corners.Skip(1), Oklab.Distance)];
        double step = lengths.Sum() / (Count - 1);

        var colors = new Rgb[Count];
        int leg = 0;
        double legStart = 0;
        for (int i = 0; i < Count; i++)
        {
            while (leg < lengths.Length - 1 && i * step > legStart + lengths[leg])
                legStart += lengths[leg++];
            colors[i] = Oklab.Between(corners[leg], corners[leg + 1], ((i * step) - legStart) / lengths[leg]).ToRgb();
        }

        return colors;
    }

    // The piecewise linear formula of MATLAB's jet, which OpenCV's COLORMAP_JET follows.
    private static Rgb Jet(double position)
    {
        return new(Channel(3), Channel(2), Channel(1));

        byte Channel(int center) => (byte)Math.Round(byte.MaxValue * Math.Clamp(1.5 - Math.Abs((4 * position) - center), 0, 1));
    }

    /// <summary>A colour in Oklab; formulas of B. Ottosson, "A perceptual color space for image processing" (2020).</summary>
    internal readonly record struct Oklab(double Lightness, double A, double B)
    {
        public static Oklab FromPolar(double lightness, double chroma, double hue)
            => new(lightness, chroma * Math.Cos(hue * Math.PI / 180), chroma * Math.Sin(hue * Math.PI / 180));

        public static double Distance(Oklab first, Oklab second)
            => Math.Sqrt(Square(first.Lightness - second.Lightness) + Square(first.A - second.A) + Square(first.B - second.B));

        public static Oklab Between(Oklab first, Oklab second, double share) => new(
            double.Lerp(first.Lightness, second.Lightness, share),
            double.Lerp(first.A, second.A, share),
            double.Lerp(first.B, second.B, share));

        public Rgb ToRgb()
        {
            double l = Cube(Lightness + (0.3963377774 * A) + (0.2158037573 * B));
            double m = Cube(Lightness - (0.1055613458 * A) - (0.0638541728 * B));
            double s = Cube(Lightness - (0.0894841775 * A) - (1.2914855480 * B));
            return new(
                Encode((4.0767416621 * l) - (3.3077115913 * m) + (0.2309699292 * s)),
                Encode((-1.2684380046 * l) + (2.6097574011 * m) - (0.3413193965 * s)),
                Encode((-0.0041960863 * l) - (0.7034186147 * m) + (1.7076147010 * s)));
        }

        private static double Square(double value) => value * value;

        private static double Cube(double value) => value * value * value;

        // The transfer function of sRGB, IEC 61966-2-1.
        private static byte Encode(double linear)
            => (byte)Math.Round(byte.MaxValue * (linear <= 0.0031308 ? 12.92 * linear : (1.055 * Math.Pow(linear, 1 / 2.4)) - 0.055));
    }
}
