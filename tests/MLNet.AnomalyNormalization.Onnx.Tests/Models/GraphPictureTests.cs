using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Models;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Models;

[TestClass]
public sealed class GraphPictureTests
{
    [TestMethod]
    public void A_resize_to_a_constant_size_and_a_crop_are_found_behind_what_normalises()
    {
        GraphPicture picture = Of(graph =>
        {
            Resize(graph, "input", "resized", ["batch", "size"]);
            graph.Node.Add(ModelFile.Node("Sub", ["resized", "mean"], ["centred"]));
            Slice(graph, "centred", "rows", 16, 240, axis: 2);
            Slice(graph, "rows", "both", 26, -70, axis: -1);
        });
        Assert.AreEqual(new GraphPicture(256, 320, Resizes: true, new(16, 26, 224, 224)), picture);
    }

    [TestMethod]
    public void A_picture_of_a_fixed_size_may_be_cropped_without_a_resize()
        => Assert.AreEqual(new GraphPicture(40, 50, Resizes: false, new(4, 0, 30, 50)), Of(graph => Slice(graph, "input", "x", 4, 34, axis: 2), 40, 50));

    [TestMethod]
    public void What_goes_two_ways_or_is_not_constant_is_the_networks_affair()
    {
        Assert.AreEqual(new GraphPicture(null, null, false, null), Of(graph =>
        {
            graph.Node.Add(ModelFile.Node("Identity", ["input"], ["one"]));
            Resize(graph, "input", "two", ["batch", "size"]);
        }), "two ways");
        Assert.AreEqual(new GraphPicture(null, null, false, null), Of(graph => Resize(graph, "input", "two", ["size", "batch"])), "not constant");
        Assert.AreEqual(new GraphPicture(null, null, false, null), Of(graph => Slice(graph, "input", "x", 4, 34, axis: 2)), "a crop from any size");
        Assert.AreEqual(new GraphPicture(40, 50, false, null), Of(graph => Slice(graph, "input", "x", 0, 1, axis: 1), 40, 50), "channels");
        Assert.AreEqual(new GraphPicture(40, 50, false, null), Of(graph => Slice(graph, "input", "x", 0, long.MaxValue, axis: 2), 40, 50), "all of it");
    }

    [TestMethod]
    public void Nodes_that_miss_an_input_or_an_output_are_the_networks_affair()
    {
        Assert.AreEqual(new GraphPicture(null, null, false, null), Of(graph => graph.Node.Add(new NodeProto { OpType = "Identity", Input = { "input" } })));
        Assert.AreEqual(new GraphPicture(null, null, false, null), Of(graph =>
        {
            graph.Node.Add(ModelFile.Node("Cast", [], ["nothing"]));
            Resize(graph, "input", "resized", ["batch", "nothing"]);
        }));
    }

    [TestMethod, Timeout(60_000)]
    public void Lists_of_lists_of_lists_are_not_read_to_their_end()
        => Assert.AreEqual(new GraphPicture(null, null, false, null), Of(graph =>
        {
            graph.Node.Add(ModelFile.Node("Concat", [], ["list0"]));
            for (int i = 0; i < 20; i++)
                graph.Node.Add(ModelFile.Node("Concat", [.. Enumerable.Repeat($"list{i}", 10)], [$"list{i + 1}"]));
            Resize(graph, "input", "resized", ["list20", "size"]);
            graph.Node.Add(ModelFile.Node("Resize", ["resized", "", "", "list20"], ["again"]));
        }) with
        { Height = null, Width = null, Resizes = false });

    private static GraphPicture Of(Action<GraphProto> nodes, int? height = null, int? width = null)
    {
        ModelProto model = ModelFile.Empty();
        model.Graph.Initializer.Add(ModelFile.Tensor("size", [256, 320], [2]));
        model.Graph.Initializer.Add(ModelFile.Tensor("mean", typeof(float), [0.5], []));
        model.Graph.Node.Add(ModelFile.Node("Shape", ["input"], ["batch"]));
        nodes(model.Graph);
        return GraphPicture.Of(new GraphReader(model.Graph), "input", height, width);
    }

    private static void Resize(GraphProto graph, string from, string to, string[] parts)
    {
        graph.Node.Add(ModelFile.Node("Concat", parts, [$"{to}_sizes"], GraphEditor.Attribute("axis", 0L)));
        graph.Node.Add(ModelFile.Node("Resize", [from, "", "", $"{to}_sizes"], [to]));
    }

    private static void Slice(GraphProto graph, string from, string to, long start, long end, long axis)
    {
        graph.Initializer.Add(ModelFile.Tensor($"{to}_start", [start], [1]));
        graph.Initializer.Add(ModelFile.Tensor($"{to}_end", [end], [1]));
        graph.Initializer.Add(ModelFile.Tensor($"{to}_axis", [axis], [1]));
        graph.Node.Add(ModelFile.Node("Slice", [from, $"{to}_start", $"{to}_end", $"{to}_axis"], [to]));
    }
}
