namespace MLNet.AnomalyNormalization.Imaging.Tests;

[TestClass]
public sealed class ColorTableTests
{
    // 17 steps through the table.
    private const int Stride = 15;

    [TestMethod]
    public void The_upper_half_of_the_colours_begins_exactly_in_the_middle()
    {
        foreach (HeatMapColors colors in Enum.GetValues<HeatMapColors>())
        {
            var table = ColorTable.Of(colors);
            Assert.AreNotEqual(table.At(0.5f), table.At(float.BitDecrement(0.5f)));
            Assert.AreEqual(table.At(0.5f), table.At(0.5f + (0.99f / 256)));
            Assert.AreEqual(table.At(1), table.At(255f / 256));
        }
    }

    [TestMethod]
    public void Even_steps_look_equally_large_and_lightness_always_rises()
    {
        // CIELAB is another measure than the one that the colours were made with, and 8 bits a channel are coarse.
        double[] even = Steps(HeatMapColors.Even), jet = Steps(HeatMapColors.Jet);
        Assert.IsLessThan(3, even.Max() / even.Min(), string.Join(' ', even.Select(step => step.ToString("F1", null))));
        Assert.IsGreaterThan(3, jet.Max() / jet.Min(), string.Join(' ', jet.Select(step => step.ToString("F1", null))));

        double[] lightness = [.. All(HeatMapColors.Even).Select(color => CieLab(color)[0])];
        for (int i = Stride; i < lightness.Length; i++)
            Assert.IsGreaterThan(lightness[i - Stride], lightness[i], $"lightness of colour {i}");

        static double[] Steps(HeatMapColors colors)
        {
            double[][] all = [.. All(colors).Select(CieLab)];
            return [.. Enumerable.Range(0, 255 / Stride).Select(i => Distance(all[i * Stride], all[(i + 1) * Stride]))];
        }
    }

    [TestMethod]
    [DataRow(0, 0, 0, 128, DisplayName = "dark blue at the lower end")]
    [DataRow(64, 0, 129, 255, DisplayName = "blue to cyan at a quarter")]
    [DataRow(128, 130, 255, 126, DisplayName = "green in the middle")]
    [DataRow(255, 128, 0, 0, DisplayName = "dark red at the upper end")]
    public void Jet_is_what_quadra_shows(int index, int red, int green, int blue)
    {
        ColorTable.Rgb color = All(HeatMapColors.Jet)[index];
        Assert.IsTrue(Math.Abs(red - color.Red) <= 2 && Math.Abs(green - color.Green) <= 2 && Math.Abs(blue - color.Blue) <= 2, $"{color}");
    }

    [TestMethod]
    public void Oklab_white_and_black_are_those_of_sRGB()
    {
        Assert.AreEqual(new ColorTable.Rgb(255, 255, 255), new ColorTable.Oklab(1, 0, 0).ToRgb());
        Assert.AreEqual(new ColorTable.Rgb(0, 0, 0), new ColorTable.Oklab(0, 0, 0).ToRgb());

        // Pure red, from the published examples of the conversion.
        Assert.AreEqual(new ColorTable.Rgb(255, 0, 0), new ColorTable.Oklab(0.627955, 0.224863, 0.125846).ToRgb());
    }

    [TestMethod]
    public void Colours_that_do_not_exist_are_refused()
        => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ColorTable.Of((HeatMapColors)7));

    private static ColorTable.Rgb[] All(HeatMapColors colors)
        => [.. Enumerable.Range(0, 256).Select(i => ColorTable.Of(colors).At((i + 0.5f) / 256))];

    private static double Distance(double[] first, double[] second)
        => Math.Sqrt(first.Zip(second, (a, b) => (a - b) * (a - b)).Sum());

    // CIE 1976 L*a*b* with the white point D65.
    private static double[] CieLab(ColorTable.Rgb color)
    {
        double red = Linear(color.Red), green = Linear(color.Green), blue = Linear(color.Blue);
        double x = F(((0.4124 * red) + (0.3576 * green) + (0.1805 * blue)) / 0.9505);
        double y = F((0.2126 * red) + (0.7152 * green) + (0.0722 * blue));
        double z = F(((0.0193 * red) + (0.1192 * green) + (0.9505 * blue)) / 1.089);
        return [(116 * y) - 16, 500 * (x - y), 200 * (y - z)];

        static double Linear(byte value) => value / 255.0 <= 0.04045 ? value / 255.0 / 12.92 : Math.Pow(((value / 255.0) + 0.055) / 1.055, 2.4);

        static double F(double t) => t > 0.008856 ? Math.Cbrt(t) : (7.787 * t) + (16.0 / 116);
    }
}
