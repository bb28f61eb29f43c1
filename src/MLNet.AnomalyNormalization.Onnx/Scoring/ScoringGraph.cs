using Google.Protobuf;
using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Scoring;

/// <summary>
/// A model rewritten for scoring: one prepared picture in; the raw score and map out, in Single, whatever the graph calls them and
/// wherever in it they are. All that stock ML.NET can't do with a model (open dimensions, Half, other names, external data, several
/// outputs for one thing) is done by the graph itself.
/// </summary>
internal sealed class ScoringGraph
{
    private readonly AnomalyOnnxModel _model;
    private readonly GraphEditor _graph;
    private readonly Dictionary<string, string> _renamed = [];

    /// <exception cref="FileNotFoundException">The model's file is gone.</exception>
    /// <exception cref="InvalidDataException">The model's file has been changed, or is too large to be held in one.</exception>
    public ScoringGraph(AnomalyOnnxModel model)
    {
        _model = model;
        _graph = new(model.Read());
        ExternalData.Embed(_graph.Graph, OnnxFile.FolderOf(model.Path));
    }

    /// <summary>The rewritten model.</summary>
    /// <param name="picture">The name of the input.</param>
    /// <param name="shape">
    /// Its shape: that of <paramref name="input"/> in Single, or 1 x height x width x 3 in Byte for a model that prepares pictures itself.
    /// </param>
    /// <param name="input">What the model takes; null if it prepares pictures itself.</param>
    /// <param name="score">The name of the output with the score, of one element.</param>
    /// <param name="map">The name of the output with the map; null to leave it out.</param>
    /// <param name="mapSize">The size of the map, which then comes out as 1 x 1 x height x width; null for whatever shape it has.</param>
    /// <param name="doubt">The name of an input of one element, 0 or NaN, that is added to score and map; null for none.</param>
    public byte[] Build(
        string picture, long?[] shape, ImageInput? input, string score, string? map, (int Height, int Width)? mapSize = null, string? doubt = null)
    {
        foreach (string name in ((string?[])[picture, score, map, doubt]).OfType<string>().Where(_graph.Has))
            _renamed[name] = _graph.Rename(name);

        AddInput(picture, shape, input);
        if (doubt is not null)
            _graph.Graph.Input.Add(new ValueInfoProto { Name = doubt, Type = GraphEditor.TensorType(typeof(float), [1]) });
        HideInitialisers();

        AnomalyOnnxOutput? rawMap = Renamed(_model.RawMap);
        AnomalyOnnxOutput rawScore = Renamed(_model.RawScore) ?? MapMaximum.AddTo(_graph, rawMap!);
        _graph.Graph.Output.Clear();
        AddOutput(rawScore, score, [1], doubt);
        if (map is not null && rawMap is not null)
            AddOutput(rawMap, map, mapSize is var (height, width) ? [1, 1, height, width] : null, doubt);
        return _graph.Model.ToByteArray();
    }

    private AnomalyOnnxOutput? Renamed(AnomalyOnnxOutput? output) => output is null ? null : output with { Name = NameOf(output.Name) };

    private string NameOf(string original) => _renamed.GetValueOrDefault(original, original);

    private void AddInput(string picture, long?[] shape, ImageInput? input)
    {
        GraphProto graph = _graph.Graph;
        string original = NameOf(_model.InputName);
        graph.Input.Clear();
        graph.Input.Add(new ValueInfoProto
        {
            Name = picture,
            Type = GraphEditor.TensorType(input is null ? typeof(byte) : typeof(float), shape),
        });

        NodeProto[] nodes = [.. graph.Node];
        graph.Node.Clear();
        string value = picture;
        if (input is { IsChannelLast: true })
            value = _graph.Node("Transpose", [value], GraphEditor.Attribute("perm", [0, 2, 3, 1]));
        if (input is not null && _model.InputType is { } inputType && inputType != typeof(float))
            value = _graph.Cast(ElementType.IsScore(inputType) ? value : _graph.Node("Round", [value]), inputType);
        _graph.NodeTo(original, "Identity", [value]);
        graph.Node.AddRange(nodes);
    }

    // ApplyOnnxModel looks at the type of every initialiser, and fails where ML.NET has none for it. It doesn't look into nodes.
    private void HideInitialisers()
    {
        GraphProto graph = _graph.Graph;
        TensorProto[] unknown = [.. graph.Initializer.Where(tensor => !ElementType.IsKnownToMlNet(tensor.DataType))];
        NodeProto[] nodes = [.. graph.Node];
        graph.Node.Clear();
        foreach (TensorProto tensor in unknown)
        {
            graph.Initializer.Remove(tensor);
            _graph.NodeTo(tensor.Name, "Constant", [], GraphEditor.Attribute("value", tensor));
        }

        graph.Node.AddRange(nodes);
    }

    private void AddOutput(AnomalyOnnxOutput raw, string name, long[]? shape, string? doubt)
    {
        string value = raw.ElementType == typeof(float) ? raw.Name : _graph.Cast(raw.Name, typeof(float));
        if (doubt is not null)
            value = _graph.Node("Add", [value, _graph.Node("Reshape", [doubt, _graph.Constant<long>([], 0)])]);
        _ = shape is null
            ? _graph.NodeTo(name, "Identity", [value])
            : _graph.NodeTo(name, "Reshape", [value, _graph.Constant<long>(shape, shape.Length)]);
        TypeProto type = GraphEditor.TensorType(typeof(float), shape?.Select(size => (long?)size));
        _graph.Graph.Output.Add(new ValueInfoProto { Name = name, Type = type });
    }
}
