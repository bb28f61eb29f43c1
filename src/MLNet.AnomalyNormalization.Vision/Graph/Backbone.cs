using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Vision.Graph;

/// <summary>A network that describes pictures, ready to be built upon.</summary>
internal sealed class Backbone
{
    private readonly ModelProto _model;

    private Backbone(ModelProto model, string name, IReadOnlyList<string> features, ImagePreprocessing preprocessing)
        => (_model, Name, Features, Preprocessing) = (model, name, features, preprocessing);

    /// <summary>For messages.</summary>
    public string Name { get; }

    public IReadOnlyList<string> Features { get; }

    public ImagePreprocessing Preprocessing { get; }

    /// <summary>The one within this assembly: see Backbone/ResNet18.cs.</summary>
    public static Backbone Embedded()
    {
        using Stream stream = typeof(Backbone).Assembly.GetManifestResourceStream("backbone.onnx")!;
        return new(ModelProto.Parser.ParseFrom(stream), "The library's own network", ["layer2", "layer3"], new ImagePreprocessing
        {
            PixelDivisor = 1,
            Mean = [123.151634, 115.902885, 103.06262],
        });
    }

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, or one that can't be built upon.</exception>
    public static Backbone Open(PatchCoreBackbone given)
    {
        ModelProto model = OnnxFile.Read(given.Path);
        if (GraphEditor.OpsetOf(model) is var opset && opset < PreparationGraph.Opset)
        {
            throw new InvalidDataException(
                $"'{given.Path}' uses version {opset} of the ONNX operators; expected {PreparationGraph.Opset} or later. "
                + "Export the network with a newer opset_version.");
        }

        if (model.Graph.Initializer.Any(tensor => tensor.ExternalData.Count > 0))
            throw new InvalidDataException($"'{given.Path}' keeps weights in other files; expected one file with all of them.");

        HashSet<string> values = [.. model.Graph.Node.SelectMany(node => node.Output)];
        if (given.FeatureOutputNames.FirstOrDefault(name => !values.Contains(name)) is { } missing)
            throw new InvalidDataException($"'{given.Path}' computes no '{missing}'; expected one of its outputs or inner values.");
        if (given.FeatureOutputNames.Count == 0)
            throw new InvalidDataException($"No feature outputs of '{given.Path}' are named; expected at least one.");
        return new(model, $"The network '{given.Path}'", given.FeatureOutputNames, given.Preprocessing);
    }

    /// <summary>
    /// A copy of its graph to build upon, without inputs and outputs, and the names of the value that takes the picture and of the
    /// features.
    /// </summary>
    /// <param name="reserved">Names that nothing in the copy has.</param>
    /// <exception cref="InvalidDataException">The network has more inputs than one.</exception>
    public (GraphEditor Graph, string Input, string[] Features) Copy(IEnumerable<string> reserved)
    {
        var graph = new GraphEditor(_model.Clone());
        HashSet<string> initialisers = [.. graph.Graph.Initializer.Select(tensor => tensor.Name)];
        string[] inputs = [.. graph.Graph.Input.Select(input => input.Name).Where(name => !initialisers.Contains(name))];
        if (inputs is not [var picture])
            throw new InvalidDataException($"{Name} has {inputs.Length} inputs; expected one, for the picture.");

        graph.Graph.Input.Clear();
        graph.Graph.Output.Clear();
        var renamed = reserved.Where(graph.Has).ToDictionary(name => name, graph.Rename);
        return (graph, NameOf(picture), [.. Features.Select(NameOf)]);

        string NameOf(string name) => renamed.GetValueOrDefault(name, name);
    }
}
