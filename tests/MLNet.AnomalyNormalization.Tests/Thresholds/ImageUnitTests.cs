using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

/// <summary>
/// Pixels are not rows: simulated images whose pixels share an offset, which is as much of their variance as the noise of each pixel. What is
/// promised of new images and of intervals has to hold all the same.
/// </summary>
[TestClass]
public sealed class ImageUnitTests
{
    private const int Pixels = 64;

    [TestMethod]
    [DataRow(1, 0.5)]
    [DataRow(5, 0.2)]
    [DataRow(30, 0.05)]
    [DataRow(100, 0.01)]
    [DataRow(100, 0.1)]
    public void The_share_of_a_new_images_pixels_above_the_threshold_is_at_most_the_rate(int images, double rate)
        => AssertRate(images, rate, repetitions: 300);

    [TestMethod]
    [TestCategory("Long")]
    [DataRow(1, 0.5)]
    [DataRow(5, 0.2)]
    [DataRow(30, 0.05)]
    [DataRow(100, 0.01)]
    [DataRow(100, 0.1)]
    public void The_share_of_a_new_images_pixels_above_the_threshold_is_at_most_the_rate_long(int images, double rate)
        => AssertRate(images, rate, repetitions: 1500);

    [TestMethod]
    [DataRow(1, 0.9)]
    [DataRow(5, 0.5)]
    [DataRow(30, 0.7)]
    [DataRow(100, 0.95)]
    public void The_interval_of_a_quantile_covers_the_true_one(int images, double probability) => AssertCoverage(images, probability, repetitions: 300);

    [TestMethod]
    [TestCategory("Long")]
    [DataRow(1, 0.9)]
    [DataRow(5, 0.5)]
    [DataRow(30, 0.7)]
    [DataRow(100, 0.95)]
    [DataRow(100, 0.5)]
    public void The_interval_of_a_quantile_covers_the_true_one_long(int images, double probability)
        => AssertCoverage(images, probability, repetitions: 1500);

    [TestMethod]
    [DataRow(1, 0.01)]
    [DataRow(30, 0.01)]
    [DataRow(98, 0.01)]
    public void A_rate_is_refused_for_fewer_images_than_it_would_take_rows(int images, double rate)
    {
        var random = new Random(1);
        var refusal = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(ThresholdStrategy.FalsePositiveRate(rate), Draw(images, random)));
        StringAssert.Contains(refusal.Message, $"needs at least 99 independent normal rows, but found {images} (");
        StringAssert.Contains(refusal.Message, "The pixels of an image count as one");
    }

    [TestMethod]
    public void Images_of_one_pixel_are_rows()
    {
        float[] scores = [.. Enumerable.Range(0, 57).Select(i => (float)(i * 23 % 57))];
        float[][] images = Array.ConvertAll(scores, score => new[] { score });
        foreach (double rate in (double[])[0.05, 0.1, 0.3])
        {
            ThresholdStrategy strategy = ThresholdStrategy.FalsePositiveRate(rate);
            Assert.AreEqual(strategy.Fit(scores).Threshold, Fit(strategy, images).Threshold);
        }
    }

    [TestMethod]
    public void At_most_the_allowed_number_of_pixels_reach_the_threshold_and_images_of_other_sizes_count_by_the_smallest()
    {
        // Twenty images of 50 and 64 pixels: 50 (21 * 0.1 - 1) is 55.
        var random = new Random(4);
        float[][] images = [.. Draw(20, random).Select((image, i) => i % 2 == 0 ? image : image[..50])];
        ThresholdFit fit = Fit(ThresholdStrategy.FalsePositiveRate(0.1), images);
        Assert.AreEqual(55, images.Sum(image => image.Count(pixel => pixel >= (float)fit.Threshold)));
        Assert.AreEqual((double.NegativeInfinity, double.PositiveInfinity), (fit.LowerBound, fit.UpperBound));
    }

    [TestMethod]
    public void Images_with_defects_do_not_bear_on_a_promise_about_good_ones()
    {
        float[][] good = Draw(20, new Random(5));
        ThresholdStrategy strategy = ThresholdStrategy.FalsePositiveRate(0.1);
        NarrowingCounts counts = strategy.StartFit(ScoreType.Single);
        ThresholdFit? fit;
        do
        {
            CountingPart part = counts.StartPart();
            for (int i = 0; i < good.Length; i++)
                part.Add<float>(good[i], new bool[Pixels], i);
            part.Add<float>([100, 101, 102], [true, false, false], good.Length);
        }
        while (!strategy.TryFinish(counts, out fit));
        Assert.AreEqual(Fit(strategy, good) with { AnomalousCount = 1, Recall = 1, F1Score = fit.F1Score }, fit);
    }

    [TestMethod]
    public void Strategies_without_a_valid_interval_over_images_state_none()
    {
        float[][] images = Draw(30, new Random(6));
        foreach (ThresholdStrategy strategy in (ThresholdStrategy[])[ThresholdStrategy.MeanPlusDeviations(3), ThresholdStrategy.MedianPlusDeviations(3)])
        {
            ThresholdFit fit = Fit(strategy, images);
            Assert.AreEqual((double.NegativeInfinity, double.PositiveInfinity), (fit.LowerBound, fit.UpperBound));
        }
    }

    private static void AssertRate(int images, double rate, int repetitions)
    {
        var random = new Random(7);
        double[] shares = [.. Enumerable.Range(0, repetitions).Select(_ =>
        {
            double threshold = Fit(ThresholdStrategy.FalsePositiveRate(rate), Draw(images, random)).Threshold;
            return Draw(50, random).Average(image => image.Count(pixel => pixel >= (float)threshold) / (double)Pixels);
        })];
        double mean = shares.Average();
        double error = Math.Sqrt(shares.Sum(share => (share - mean) * (share - mean)) / (repetitions - 1.0) / repetitions);
        Console.WriteLine($"{images} images: {mean:P2} ± {error:P2}, promised {rate:P0}");

        // Far below the rate where the images just suffice: nothing but a threshold above all pixels is then known to keep it.
        Assert.IsLessThanOrEqualTo(rate + (3 * error), mean);
        Assert.IsGreaterThan(images * rate > 5 ? rate / 2 : 0, mean);
    }

    private static void AssertCoverage(int images, double probability, int repetitions)
    {
        // Offset and noise are normally distributed with variance 1/2 each, so that a pixel has the standard normal distribution.
        double truth = probability switch { 0.5 => 0, 0.7 => 0.5244005127080407, 0.9 => 1.2815515655446004, _ => 1.6448536269514722 };
        var random = new Random(8);
        int covered = 0, bounded = 0;
        for (int i = 0; i < repetitions; i++)
        {
            ThresholdFit fit = Fit(ThresholdStrategy.Quantile(probability), Draw(images, random));
            covered += fit.LowerBound <= truth && truth <= fit.UpperBound ? 1 : 0;
            bounded += double.IsFinite(fit.LowerBound) ? 1 : 0;
        }

        Console.WriteLine($"{images} images, quantile {probability}: {covered} of {repetitions} covered, {bounded} bounded from below");
        Assert.IsGreaterThanOrEqualTo((0.95 - (3 * Math.Sqrt(0.95 * 0.05 / repetitions))) * repetitions, covered);
        Assert.AreEqual(images >= 30 ? repetitions : 0, bounded);
    }

    private static ThresholdFit Fit(ThresholdStrategy strategy, float[][] images)
    {
        NarrowingCounts counts = strategy.StartFit(ScoreType.Single);
        ThresholdFit? fit;
        do
        {
            CountingPart part = counts.StartPart();
            for (int i = 0; i < images.Length; i++)
                part.Add<float>(images[i], new bool[images[i].Length], i);
        }
        while (!strategy.TryFinish(counts, out fit));
        return fit;
    }

    private static float[][] Draw(int images, Random random)
        => [.. Enumerable.Range(0, images).Select(_ =>
        {
            double offset = DataViews.FeatureRow.Normal(random);
            return Enumerable.Range(0, Pixels).Select(_ => (float)(Math.Sqrt(0.5) * (offset + DataViews.FeatureRow.Normal(random)))).ToArray();
        })];
}
