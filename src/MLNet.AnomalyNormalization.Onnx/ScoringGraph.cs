using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>
/// A model rewritten so that stock ML.NET can apply it: the pixels of one image in, score and map out, in Single, under names and in
/// shapes that are fixed. All that ApplyOnnxModel can't do (mean and deviation per channel, open dimensions, Half, other names, external
/// data) is done by the graph itself.
/// </summary>
internal sealed class ScoringGraph
{
    private readonly AnomalyOnnxModel _model;
    private readonly ImageInput _input;
    private readonly ImagePreprocessing _preprocessing;
    private readonly GraphEditor _graph;
    private readonly Dictionary<string, string> _renamed = [];

    public ScoringGraph(AnomalyOnnxModel model, ImageInput input, ImagePreprocessing preprocessing)
    {
        _model = model;
        _input = input;
        _preprocessing = preprocessing;
        _graph = new(OnnxFile.Read(model.Path));
        ExternalData.Embed(_graph.Graph, OnnxFile.FolderOf(model.Path));
    }

    /// <summary>Writes the graph to a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pixels">The name of the input: 1 x channels x height x width, 0..255.</param>
    /// <param name="score">The name of the output with the score, of one element.</param>
    /// <param name="map">The name of the output with the map, 1 x 1 x height x width; null to leave it out.</param>
    /// <exception cref="InvalidDataException">The model fails when it runs, or gives what is no score and no map.</exception>
    public void Write(string path, string pixels, string score, string? map)
    {
        foreach (string name in ((string?[])[pixels, score, map]).OfType<string>().Where(_graph.Has))
            _renamed[name] = _graph.Rename(name);

        AddPreprocessing(pixels);
        HideInitialisers();
        AnomalyOnnxOutput? rawMap = Find(AnomalyOutputRole.Map);
        AnomalyOnnxOutput rawScore = Find(AnomalyOutputRole.Score) ?? MapMaximum.AddTo(_graph, rawMap!);
        _graph.Graph.Output.Clear();
        AddOutput(rawScore, score, [1]);
        if (map is not null && rawMap is not null)
            AddOutput(rawMap, map, [1, 1, .. SizeOfMap(path, rawMap, pixels)]);
        OnnxFile.Write(_graph.Model, OnnxFile.FolderOf(path), path);
        Run(path, pixels);
    }

    private AnomalyOnnxOutput? Find(AnomalyOutputRole role)
        => _model.Find(role) is { } output ? output with { Name = NameOf(output.Name) } : null;

    private string NameOf(string original) => _renamed.GetValueOrDefault(original, original);

    private void AddPreprocessing(string pixels)
    {
        GraphProto graph = _graph.Graph;
        string original = NameOf(_model.InputName);
        graph.Input.Clear();
        TypeProto type = GraphEditor.TensorType(typeof(float), [1, _input.Channels, _input.Height, _input.Width]);
        graph.Input.Add(new ValueInfoProto { Name = pixels, Type = type });

        NodeProto[] nodes = [.. graph.Node];
        graph.Node.Clear();
        string value = Combine("Div", pixels, [_preprocessing.PixelDivisor], neutral: 1);
        value = Combine("Sub", value, _preprocessing.Mean, neutral: 0);
        value = Combine("Div", value, _preprocessing.StandardDeviation, neutral: 1);
        if (_input.IsChannelLast)
            value = _graph.Node("Transpose", [value], GraphEditor.Attribute("perm", [0, 2, 3, 1]));
        if (_model.InputType is { } inputType && inputType != typeof(float))
            value = _graph.Cast(value, inputType);
        _graph.NodeTo(original, "Identity", [value]);
        graph.Node.AddRange(nodes);

        string Combine(string operation, string left, IReadOnlyList<double> channels, double neutral)
            => channels.All(channel => channel == neutral) ? left
                : _graph.Node(operation,
                    [left, _graph.Constant<float>([.. channels.Select(channel => (float)channel)], 1, channels.Count, 1, 1)]);
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

    private void AddOutput(AnomalyOnnxOutput raw, string name, long[] shape)
    {
        string value = raw.ElementType == typeof(float) ? raw.Name : _graph.Cast(raw.Name, typeof(float));
        _graph.NodeTo(name, "Reshape", [value, _graph.Constant<long>(shape, shape.Length)]);
        TypeProto type = GraphEditor.TensorType(typeof(float), shape.Select(size => (long?)size));
        _graph.Graph.Output.Add(new ValueInfoProto { Name = name, Type = type });
    }

    // What the file says of the shape may be open or wrong, and a wrong one would make rows of a wrong length; so the model itself is
    // asked.
    private long[] SizeOfMap(string path, AnomalyOnnxOutput rawMap, string pixels)
    {
        var probed = new ValueInfoProto { Name = rawMap.Name, Type = GraphEditor.TensorType(rawMap.ElementType!, shape: null) };
        _graph.Graph.Output.Add(probed);
        OnnxFile.Write(_graph.Model, OnnxFile.FolderOf(path), path);
        _graph.Graph.Output.Remove(probed);
        return Run(path, pixels)[rawMap.Name] switch
        {
            [1, 1, var height, var width] => [height, width],
            [1, var height, var width, 1] => [height, width],
            [1, var height, var width] => [height, width],
            [var height, var width] => [height, width],
            var other => throw new InvalidDataException(
                $"'{_model.Path}' gives '{_model.MapOutputName}' as {string.Join(" x ", other)} for one image; "
                + "expected a map, 1 x 1 x height x width."),
        };
    }

    private Dictionary<string, long[]> Run(string path, string pixels)
    {
        try
        {
            using var session = new InferenceSession(path);
            var black = new DenseTensor<float>([1, _input.Channels, _input.Height, _input.Width]);
            using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(
                [NamedOnnxValue.CreateFromTensor(pixels, black)]);
            return results.ToDictionary(result => result.Name, result => Array.ConvertAll(DimensionsOf(result), size => (long)size));
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException(
                $"'{_model.Path}' fails on an image of {_input.Height} x {_input.Width}, {_input.Channels} channel(s): {e.Message}", e);
        }

        static int[] DimensionsOf(DisposableNamedOnnxValue result)
            => result.Value switch
            {
                Tensor<float> tensor => tensor.Dimensions.ToArray(),
                Tensor<double> tensor => tensor.Dimensions.ToArray(),
                Tensor<Float16> tensor => tensor.Dimensions.ToArray(),
                _ => [],
            };
    }
}
