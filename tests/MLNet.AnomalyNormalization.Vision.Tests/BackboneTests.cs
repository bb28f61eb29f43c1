using System.Reflection;
using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Tests;
using MLNet.AnomalyNormalization.Tests;
using MLNet.AnomalyNormalization.Vision.Backbone;

namespace MLNet.AnomalyNormalization.Vision.Tests;

[TestClass]
public sealed class BackboneTests
{
    private static readonly string Original = typeof(BackboneTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == "ResNet18").Value!;

    private static readonly (string Original, string Cut)[] Layers = [("ReLU315_Output_0", "layer2"), ("ReLU347_Output_0", "layer3")];

    [TestMethod]
    public void The_cut_backbone_gives_the_features_of_the_original()
    {
        ModelProto original = OnnxFile.Read(Path.Combine(Original, "ResNet18Onnx", "ResNet18.onnx"));
        using var folder = new TemporaryFolder();
        OnnxFile.Write(ResNet18.Cut<float>(original, ""), "", folder["single.onnx"]);
        OnnxFile.Write(ResNet18.Cut<Half>(original, ""), "", folder["half.onnx"]);
        foreach ((string layer, _) in Layers)
            original.Graph.Output.Add(new ValueInfoProto { Name = layer, Type = GraphEditor.TensorType(typeof(float), shape: null) });
        OnnxFile.Write(original, "", folder["original.onnx"]);

        var random = new Random(1);
        float[] picture = [.. Enumerable.Range(0, 3 * 224 * 224).Select(_ => (float)random.Next(256))];
        using var preparation = new Runtime(Path.Combine(Original, "ResNetPrepOnnx", "ResNetPreprocess.onnx"));
        float[] blueFirst = preparation.Run<float>("PreprocessedInput", ("OriginalInput", picture, [1, 3, 224, 224]));
        float[] redFirst = [.. blueFirst[(2 * 224 * 224)..], .. blueFirst[(224 * 224)..(2 * 224 * 224)], .. blueFirst[..(224 * 224)]];
        using var whole = new Runtime(folder["original.onnx"]);
        using var single = new Runtime(folder["single.onnx"]);
        using var half = new Runtime(folder["half.onnx"]);
        foreach ((string layer, string cut) in Layers)
        {
            float[] expected = whole.Run<float>(layer, ("Input247", blueFirst, [1, 3, 224, 224]));
            double Difference(Runtime model) => model.Run<float>(cut, ("image", redFirst, [1, 3, 224, 224]))
                .Zip(expected, (actual, value) => Math.Abs((double)actual - value)).Max();
            Assert.IsLessThan(1e-4, Difference(single));
            Assert.IsLessThan(0.05, Difference(half));
        }
    }

    [TestMethod]
    [DataRow(16, 16, DisplayName = "the smallest")]
    [DataRow(256, 192, DisplayName = "upright")]
    [DataRow(96, 320, DisplayName = "wide")]
    public void Pictures_of_any_multiple_of_16_have_features(int height, int width)
    {
        using var folder = new TemporaryFolder();
        ModelProto original = OnnxFile.Read(Path.Combine(Original, "ResNet18Onnx", "ResNet18.onnx"));
        OnnxFile.Write(ResNet18.Cut<Half>(original, ""), "", folder["half.onnx"]);
        using var model = new Runtime(folder["half.onnx"]);
        model.Run<float>("layer2", out long[] second, ("image", new float[3 * height * width], [1, 3, height, width]));
        model.Run<float>("layer3", out long[] third, ("image", new float[3 * height * width], [1, 3, height, width]));
        CollectionAssert.AreEqual((long[])[1, 128, height / 8, width / 8], second);
        CollectionAssert.AreEqual((long[])[1, 256, height / 16, width / 16], third);
    }

    [TestMethod]
    public void Another_model_is_refused()
    {
        var other = new ModelProto { Graph = new GraphProto() };
        Assert.Throws<InvalidDataException>(() => ResNet18.Cut<float>(other, ""));
    }

    [TestMethod]
    public void Pictures_are_given_the_mean_of_the_original_as_one_colour()
    {
        using var preparation = new Runtime(Path.Combine(Original, "ResNetPrepOnnx", "ResNetPreprocess.onnx"));
        float[] mean = preparation.Run<float>("PreprocessedInput", ("OriginalInput", new float[3 * 224 * 224], [1, 3, 224, 224]));
        double[] redFirst = [.. mean.Chunk(224 * 224).Select(channel => -channel.Average(value => (double)value)).Reverse()];
        foreach ((double expected, double actual) in redFirst.Zip(Graph.Backbone.Embedded().Preprocessing.Mean))
            Assert.AreEqual(expected, actual, 1e-3);
    }
}
