using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Tests;
using MLNet.AnomalyNormalization.Vision.Graph;
using MLNet.AnomalyNormalization.Vision.Training;
using static MLNet.AnomalyNormalization.Vision.Tests.DirectArithmetic;

namespace MLNet.AnomalyNormalization.Vision.Tests;

/// <summary>The graph against direct arithmetic in Double, each stage from what the one before gave in OnnxRuntime.</summary>
[TestClass]
public sealed class PatchCoreGraphTests
{
    private const int Height = 96;
    private const int Width = 64;
    private static readonly PatchGrid Grid = new(384, Height / 8, Width / 8);

    private readonly PatchCoreGraph _graph = new(Graph.Backbone.Embedded(), Height, Width, PictureArea.Whole);

    [TestMethod]
    public void Patches_are_what_direct_arithmetic_makes_of_the_layers()
    {
        Assert.AreEqual(Grid, _graph.Grid);
        RgbPicture photo = Photo(1);
        ModelProto model = _graph.ForTraining(new float[Grid.Channels]);
        foreach (string layer in (string[])["layer2", "layer3"])
            model.Graph.Output.Add(new ValueInfoProto { Name = layer, Type = GraphEditor.TensorType(typeof(float), shape: null) });
        (float[] actual, double[] second, double[] third) = Run(model, photo, outputs
            => (outputs[0], Doubles(outputs[2]), Doubles(outputs[3])));

        double[] planes =
        [
            .. Mean3x3(second, Grid.Height, Grid.Width),
            .. Bilinear(Mean3x3(third, Grid.Height / 2, Grid.Width / 2), (Grid.Height / 2, Grid.Width / 2), (Grid.Height, Grid.Width)),
        ];
        for (int i = 0; i < actual.Length; i++)
            AreClose(planes[(i % Grid.Channels * Grid.Count) + (i / Grid.Channels)], actual[i]);
    }

    [TestMethod]
    [DataRow(false, DisplayName = "the largest distance")]
    [DataRow(true, DisplayName = "weighted by nine neighbours")]
    public void Score_and_map_are_what_direct_arithmetic_makes_of_the_patches(bool isReweighted)
    {
        RowStore features = Features(1, 2, 3);
        var bank = new PatchBank(features, [.. Enumerable.Range(0, 100).Select(i => i * 2)]);
        double[][] good = [.. Enumerable.Range(0, 100).Select(i => Doubles(features[i * 2].ToArray()))];
        double[][] patches = Patches(Photo(9, hasScratch: true));
        (double Distance, int)[] distances = Distances(patches, good);

        (float score, float[] map) = Run(
            _graph.ForScoring(bank, isReweighted), Photo(9, hasScratch: true), outputs => (outputs[0][0], outputs[1]));
        AreClose(isReweighted ? WeightedScore(patches, good) : distances.Max().Distance, score);
        double[] enlarged = Nearest([.. distances.Select(patch => patch.Distance)], (Grid.Height, Grid.Width), (Height, Width));
        foreach ((double expected, float actual) in Blur(enlarged, Height, Width).Zip(map))
            AreClose(expected, actual);
    }

    [TestMethod]
    public void A_photo_that_the_bank_knows_wholly_has_no_distance_at_all()
    {
        RowStore features = Features(1);
        var bank = new PatchBank(features, [.. Enumerable.Range(0, Grid.Count)]);
        (float score, float highest) = Run(
            _graph.ForScoring(bank, isReweighted: false), Photo(1), outputs => (outputs[0][0], outputs[1].Max()));
        Assert.AreEqual((0f, 0f), (score, highest));
    }

    [TestMethod]
    public void A_bank_of_fewer_patches_than_neighbours_is_weighted_by_those_there_are()
    {
        RowStore features = Features(1);
        double[][] good = [.. Enumerable.Range(0, 3).Select(i => Doubles(features[i].ToArray()))];
        double[][] patches = Patches(Photo(5));
        AreClose(
            WeightedScore(patches, good),
            Run(_graph.ForScoring(new(features, [0, 1, 2]), isReweighted: true), Photo(5), outputs => outputs[0][0]));
    }

    [TestMethod]
    public void Ignored_patches_count_neither_in_the_score_nor_in_the_map()
    {
        RowStore features = Features(1);
        PatchBank bank = new(features, [.. Enumerable.Range(0, Grid.Count)]);
        bool[] isUpperHalf = [.. Enumerable.Range(0, Grid.Count).Select(patch => patch / Grid.Width < Grid.Height / 2)];
        float[] all = Run(_graph.ForScoring(bank, isReweighted: false), Photo(2), outputs => outputs[1]);
        var half = new PatchCoreGraph(Graph.Backbone.Embedded(), Height, Width, PictureArea.Whole) { IsIgnored = isUpperHalf };
        double[][] patches = Patches(Photo(2));
        double[][] good = [.. Enumerable.Range(0, Grid.Count).Select(i => Doubles(features[i].ToArray()))];

        (float score, float[] map) = Run(half.ForScoring(bank, isReweighted: false), Photo(2), outputs => (outputs[0][0], outputs[1]));
        AreClose(Distances(patches[(Grid.Count / 2)..], good).Max().Distance, score);
        Assert.IsTrue(map[..(Height * Width / 2)].All(value => value == 0));
        Assert.AreEqual(all[^1], map[^1], 1e-4f, "far from the border of what is ignored");
    }

    [TestMethod]
    public void Of_an_area_the_rest_of_the_photo_is_not_looked_at_and_reads_0_in_the_map()
    {
        var area = new PictureArea(left: 0.25, top: 0.5, width: 0.5, height: 0.5);
        var graph = new PatchCoreGraph(Graph.Backbone.Embedded(), 64, 64, area);
        RgbPicture whole = Photo(3, height: 200, width: 160);
        var part = new RgbPicture(
            [.. Enumerable.Range(100, 100).SelectMany(row => whole.Pixels.AsSpan(((row * 160) + 40) * 3, 80 * 3).ToArray())], 100, 80);
        var sameSize = new PatchCoreGraph(Graph.Backbone.Embedded(), 64, 64, PictureArea.Whole);
        var projection = new float[Grid.Channels];
        CollectionAssert.AreEqual(
            Run(sameSize.ForTraining(projection), part, outputs => outputs[0]),
            Run(graph.ForTraining(projection), whole, outputs => outputs[0]));

        var store = new RowStore(Grid.Channels);
        store.Add(new float[Grid.Channels]);
        float[] ofPart = Run(sameSize.ForScoring(new(store, [0]), false), part, outputs => outputs[1]);
        ModelProto model = graph.ForScoring(new(store, [0]), false);
        Assert.AreEqual("1 1 128 128", string.Join(' ', ElementType.ShapeOf(model.Graph.Output[1].Type)!));
        float[] map = Run(model, whole, outputs => outputs[1]);
        for (int i = 0; i < map.Length; i++)
        {
            (int y, int x) = (i / 128, i % 128);
            float expected = y >= 64 && x is >= 32 and < 96 ? ofPart[((y - 64) * 64) + x - 32] : 0;
            Assert.AreEqual(expected, map[i]);
        }
    }

    [TestMethod]
    public void Another_network_may_use_the_names_of_ours()
    {
        using var folder = new TemporaryFolder();
        Graph.Backbone given = Graph.Backbone.Open(OtherNetwork(folder["other.onnx"], opset: 18));
        var graph = new PatchCoreGraph(given, 64, 48, PictureArea.Whole);
        Assert.AreEqual(new PatchGrid(3, 32, 24), graph.Grid);

        // Mean over 2 x 2 of a black picture, less a mean of 1.
        float[] patches = Run(graph.ForTraining(new float[3]), new(new byte[64 * 48 * 3], 64, 48), outputs => outputs[0]);
        Assert.AreEqual(-1, patches[(32 * 12 * 3) + 36], 1e-6);
    }

    [TestMethod]
    [DataRow(17, "image", "Export the network with a newer opset_version", DisplayName = "an opset without antialiasing")]
    [DataRow(18, "features", "computes no 'features'", DisplayName = "a feature that isn't there")]
    public void Another_network_that_cannot_be_used_is_refused(int opset, string feature, string expected)
    {
        using var folder = new TemporaryFolder();
        PatchCoreBackbone given = OtherNetwork(folder["other.onnx"], opset) with { FeatureOutputNames = [feature] };
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => Graph.Backbone.Open(given)).Message);
    }

    [TestMethod]
    public void The_licence_of_the_network_goes_with_the_model()
        => Assert.Contains("Permission is hereby granted", _graph.ForTraining(new float[Grid.Channels]).DocString);

    // A pooling whose output is called as our own input is.
    private static PatchCoreBackbone OtherNetwork(string path, int opset)
    {
        var graph = new GraphEditor(opset);
        graph.Graph.Input.Add(new ValueInfoProto { Name = "score", Type = GraphEditor.TensorType(typeof(float), [1, 3, null, null]) });
        graph.NodeTo("image", "AveragePool", ["score"],
            GraphEditor.Attribute("kernel_shape", [2, 2]), GraphEditor.Attribute("strides", [2, 2]));
        graph.Graph.Output.Add(new ValueInfoProto { Name = "image", Type = GraphEditor.TensorType(typeof(float), [1, 3, null, null]) });
        OnnxFile.Write(graph.Model, "", path);
        return new(path, ["image"], new ImagePreprocessing { PixelDivisor = 255, Mean = [1] });
    }

    private double[][] Patches(RgbPicture photo)
        => [.. Run(_graph.ForTraining(new float[Grid.Channels]), photo, outputs => Doubles(outputs[0])).Chunk(Grid.Channels)];

    private RowStore Features(params int[] seeds)
    {
        var store = new RowStore(Grid.Channels);
        ModelProto model = _graph.ForTraining(new float[Grid.Channels]);
        foreach (float[] patch in seeds.SelectMany(seed => Run(model, Photo(seed), outputs => outputs[0]).Chunk(Grid.Channels)))
            store.Add(patch);
        return store;
    }

    private static T Run<T>(ModelProto model, RgbPicture photo, Func<float[][], T> read)
    {
        using var session = new GraphSession(model, gpuDeviceId: null);
        return session.Run(photo, outputs => read([.. outputs.Select(output => output.GetTensorDataAsSpan<float>().ToArray())]));
    }

    private static RgbPicture Photo(int seed, bool hasScratch = false, int height = 120, int width = 80)
    {
        using Microsoft.ML.Data.MLImage image = Drawings.Draw(seed, height, width, hasScratch);
        return new([.. image.Pixels.ToArray().Where((_, i) => i % 4 != 3)], height, width);
    }

    private static double[] Doubles(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static void AreClose(double expected, float actual)
        => Assert.AreEqual(expected, actual, 1e-4 * Math.Max(1, Math.Abs(expected)));
}
