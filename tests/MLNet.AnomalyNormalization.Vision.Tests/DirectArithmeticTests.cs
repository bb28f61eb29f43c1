using System.Text.Json;
using MLNet.AnomalyNormalization.Tests;
using static MLNet.AnomalyNormalization.Vision.Tests.DirectArithmetic;

namespace MLNet.AnomalyNormalization.Vision.Tests;

/// <summary>The twin itself against the golden values of the Python original.</summary>
[TestClass]
public sealed class DirectArithmeticTests
{
    private static readonly JsonElement Cases = Oracle.Load("training.json").GetProperty("cases");

    [TestMethod]
    public void The_embedding_is_the_original_s()
    {
        JsonElement golden = Cases.GetProperty("embedding");
        (double[] Values, int[] Shape)[] layers = [.. golden.GetProperty("layers").EnumerateArray()
            .Select(layer => (Numbers(layer.GetProperty("values")), Shape(layer.GetProperty("shape"))))];
        (int height, int width) = (layers[0].Shape[2], layers[0].Shape[3]);
        var actual = new List<double>();
        for (int image = 0; image < layers[0].Shape[0]; image++)
        {
            foreach ((double[] values, int[] shape) in layers)
            {
                int length = shape[1] * shape[2] * shape[3];
                double[] mean = Mean3x3(values[(image * length)..((image + 1) * length)], shape[2], shape[3]);
                actual.AddRange(Bilinear(mean, (shape[2], shape[3]), (height, width)));
            }
        }

        AreClose(Numbers(golden.GetProperty("patchcore").GetProperty("values")), actual);
    }

    [TestMethod]
    public void Distances_neighbours_and_scores_are_the_original_s()
    {
        JsonElement golden = Cases.GetProperty("patchcore");
        double[][] bank = [.. Numbers(golden.GetProperty("bank").GetProperty("values")).Chunk(6)];
        double[][][] images = [.. Numbers(golden.GetProperty("embedding").GetProperty("values")).Chunk(6).Chunk(20)];
        (double Distance, int Nearest)[] actual = [.. images.SelectMany(patches => Distances(patches, bank))];
        AreClose(Numbers(golden.GetProperty("patch_distances")), actual.Select(patch => patch.Distance));
        CollectionAssert.AreEqual(Shape(golden.GetProperty("nearest")), actual.Select(patch => patch.Nearest).ToArray());
        AreClose(Numbers(golden.GetProperty("scores")), images.Select(patches => WeightedScore(patches, bank)));
        AreClose(
            Numbers(golden.GetProperty("score_one_neighbour")),
            images.Select(patches => Distances(patches, bank).Max(patch => patch.Distance)));
    }

    [TestMethod]
    public void The_coreset_is_the_original_s()
    {
        JsonElement golden = Cases.GetProperty("coreset");
        double[][] points = [.. Numbers(golden.GetProperty("points").GetProperty("values")).Chunk(4)];
        (int[] chosen, double radius) = Coreset(points, 12);
        CollectionAssert.AreEqual(Shape(golden.GetProperty("chosen")), chosen);
        Assert.AreEqual(golden.GetProperty("radius").GetDouble(), radius, 1e-9);
    }

    [TestMethod]
    public void The_map_is_the_original_s()
    {
        JsonElement golden = Cases.GetProperty("map");
        double[] small = Numbers(golden.GetProperty("small").GetProperty("values"));
        double[] actual = Blur(Nearest(small, (7, 5), (40, 36)), 40, 36);
        AreClose(Numbers(golden.GetProperty("patchcore").GetProperty("values")), actual);
    }

    private static void AreClose(double[] expected, IEnumerable<double> actual)
    {
        double[] values = [.. actual];
        Assert.HasCount(expected.Length, values);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], values[i], 1e-9, $"element {i}");
    }
}
