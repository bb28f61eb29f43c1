using System.Numerics.Tensors;

namespace VisualInspection;

/// <summary>
/// What good images look like, place by place: the mean and the deviation of a few local features. An image is as anomalous as its
/// features are far from that, counted in deviations.
/// </summary>
/// <remarks>
/// This is the idea of PaDiM (Defard et al., 2020, https://arxiv.org/abs/2011.08785) in its smallest form: hand-made features of colour,
/// contrast and gradient in place of a network's, and independent features in place of a covariance matrix. It serves where parts lie
/// in the same place in every image and where surfaces look alike everywhere; it knows nothing of shapes.
/// </remarks>
internal sealed class GaussianModel
{
    public const string InputName = "image";
    public const string FeaturesName = "features";
    public const string MapName = "anomaly_map";
    public const string ScoreName = "pred_score";

    /// <summary>Three colours, the contrast in each, two gradients.</summary>
    public const int FeatureCount = 8;

    // A feature looks at a window of 9x9 pixels around its own.
    private const int WindowRadius = 4;

    // Places share their statistics with those around them, up to this share of the shorter side away: few images then suffice, and
    // parts may lie a little off.
    private const double NeighborhoodShare = 0.1;

    // The part of a feature's mean variance that a single place has at least, so that a flat background isn't infinitely surprising.
    private const double VarianceFloor = 0.1;

    // A quarter of a grey level: what float arithmetic and JPEG leave even where nothing varies at all.
    private const double SmallestVariance = 1e-6;

    // The image score is the mean of the map's highest values: this share of them. One pixel alone would be noise, all of them would
    // drown a small defect.
    private const double ScoredShare = 0.005;

    private readonly ImageSize _size;
    private readonly float[] _mean;
    private readonly float[] _inverseDeviation;

    private GaussianModel(ImageSize size, float[] mean, float[] inverseDeviation)
        => (_size, _mean, _inverseDeviation) = (size, mean, inverseDeviation);

    /// <summary>Writes the graph that computes the features alone, to learn from.</summary>
    public static void SaveFeatures(string path, ImageSize size)
    {
        var graph = new OnnxGraph("features");
        graph.Output(FeaturesName, AddFeatures(graph, size), 1, FeatureCount, size.Height, size.Width);
        graph.Save(path);
    }

    /// <summary>Learns from what was seen of good images.</summary>
    /// <param name="seen">The sums of one or more groups of images.</param>
    /// <param name="size">The size of the images.</param>
    public static GaussianModel Fit(IReadOnlyCollection<FeatureSums> seen, ImageSize size)
    {
        int count = seen.Sum(group => group.Count);
        double[] sums = new double[FeatureCount * size.Area];
        double[] squares = new double[FeatureCount * size.Area];
        foreach (FeatureSums group in seen)
        {
            TensorPrimitives.Add(sums, group.Values, sums);
            TensorPrimitives.Add(squares, group.Squares, squares);
        }

        float[] mean = new float[sums.Length];
        float[] inverseDeviation = new float[sums.Length];
        for (int feature = 0; feature < FeatureCount; feature++)
        {
            Range plane = (feature * size.Area)..((feature + 1) * size.Area);
            double[] means = NeighborhoodMeans(sums.AsSpan(plane), size);
            double[] variances = NeighborhoodMeans(squares.AsSpan(plane), size);
            for (int i = 0; i < means.Length; i++)
            {
                means[i] /= count;
                variances[i] = (variances[i] / count) - (means[i] * means[i]);
            }

            double floor = VarianceFloor * variances.Average();
            for (int i = 0; i < means.Length; i++)
            {
                mean[plane.Start.Value + i] = (float)means[i];
                inverseDeviation[plane.Start.Value + i] = (float)(1 / Math.Sqrt(Math.Max(variances[i], floor) + SmallestVariance));
            }
        }

        return new GaussianModel(size, mean, inverseDeviation);
    }

    /// <summary>Writes the whole model: <c>image</c> in; <c>anomaly_map</c>, in deviations, and <c>pred_score</c> out.</summary>
    public void Save(string path)
    {
        (int height, int width) = _size;
        var graph = new OnnxGraph("per_location_gaussian");
        string distance = graph.Node("Sub", [AddFeatures(graph, _size), graph.Constant(_mean, 1, FeatureCount, height, width)]);
        string deviations = graph.Node("Mul", [distance, graph.Constant(_inverseDeviation, 1, FeatureCount, height, width)]);
        string meanSquare = graph.Node("ReduceMean", [Square(graph, deviations)], [OnnxGraph.Attribute("axes", [1L])]);
        string map = graph.Node("Sqrt", [meanSquare]);
        graph.Output(MapName, map, 1, 1, height, width);

        string pixels = graph.Node("Reshape", [map, graph.Constant([1L, -1L])]);
        string highest = graph.Node("TopK", [pixels, graph.Constant([Math.Max(1, (long)(ScoredShare * _size.Area))])], outputs: 2);
        graph.Output(ScoreName, graph.Node("ReduceMean", [highest], [OnnxGraph.Attribute("axes", [1L])]), 1, 1);
        graph.Save(path);
    }

    // The one definition of the features: the fit runs this part of the graph alone.
    private static string AddFeatures(OnnxGraph graph, ImageSize size)
    {
        string image = graph.Input(InputName, 1, 3, size.Height, size.Width);

        // The margin is what the windows and the 3x3 gradients reach beyond the border; it repeats the outermost pixels.
        const long Margin = WindowRadius + 1;
        string pads = graph.Constant([0, 0, Margin, Margin, 0, 0, Margin, Margin]);
        string padded = graph.Node("Pad", [image, pads], [OnnxGraph.Attribute("mode", "edge")]);
        string local = graph.Node("Conv", [padded, graph.Constant(ColorsAndGradients(), 5, 3, 3, 3)]);
        string colors = graph.Node("Slice", [local, graph.Constant([0L]), graph.Constant([3L]), graph.Constant([1L])]);
        string gradients = graph.Node("Slice", [local, graph.Constant([3L]), graph.Constant([5L]), graph.Constant([1L])]);

        string color = WindowMean(graph, colors);
        string variance = graph.Node("Sub", [WindowMean(graph, Square(graph, colors)), Square(graph, color)]);
        string contrast = graph.Node("Sqrt", [graph.Node("Max", [variance, graph.Constant([0f], 1)])]);
        string gradient = WindowMean(graph, graph.Node("Abs", [gradients]));
        return graph.Node("Concat", [color, contrast, gradient], [OnnxGraph.Attribute("axis", 1)]);
    }

    // Five 3x3 filters over red, green and blue (0..255): luminance, red against green, blue against yellow, and the horizontal and
    // vertical gradient of the luminance (Sobel), all on a scale of 0..1.
    private static float[] ColorsAndGradients()
    {
        float[] luminance = [1 / 3f, 1 / 3f, 1 / 3f];
        float[][] mixtures = [luminance, [0.5f, -0.5f, 0], [-0.25f, -0.25f, 0.5f], luminance, luminance];
        float[] center = [0, 0, 0, 0, 1, 0, 0, 0, 0];
        float[] horizontal = [-0.125f, 0, 0.125f, -0.25f, 0, 0.25f, -0.125f, 0, 0.125f];
        float[] vertical = [-0.125f, -0.25f, -0.125f, 0, 0, 0, 0.125f, 0.25f, 0.125f];
        float[][] filters = [center, center, center, horizontal, vertical];
        return
        [
            .. from pair in filters.Zip(mixtures, (filter, mixture) => (filter, mixture))
               from share in pair.mixture
               from tap in pair.filter
               select tap * share / 255,
        ];
    }

    private static string Square(OnnxGraph graph, string value) => graph.Node("Mul", [value, value]);

    private static string WindowMean(OnnxGraph graph, string value)
    {
        const long Window = (2 * WindowRadius) + 1;
        return graph.Node("AveragePool", [value], [OnnxGraph.Attribute("kernel_shape", [Window, Window])]);
    }

    private static double[] NeighborhoodMeans(ReadOnlySpan<double> plane, ImageSize size)
    {
        double[] result = plane.ToArray();
        int radius = (int)(NeighborhoodShare * Math.Min(size.Height, size.Width));
        for (int y = 0; y < size.Height; y++)
            AverageLine(result.AsSpan(y * size.Width), size.Width, stride: 1, radius);
        for (int x = 0; x < size.Width; x++)
            AverageLine(result.AsSpan(x), size.Height, stride: size.Width, radius);
        return result;
    }

    // Replaces every element by the mean of those within the radius, as many as there are at the ends.
    private static void AverageLine(Span<double> line, int length, int stride, int radius)
    {
        double[] sums = new double[length + 1];
        for (int i = 0; i < length; i++)
            sums[i + 1] = sums[i] + line[i * stride];
        for (int i = 0; i < length; i++)
        {
            int from = Math.Max(0, i - radius);
            int to = Math.Min(length, i + radius + 1);
            line[i * stride] = (sums[to] - sums[from]) / (to - from);
        }
    }
}
