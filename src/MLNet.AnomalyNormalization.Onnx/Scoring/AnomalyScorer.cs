using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Scoring;

/// <summary>
/// A model with the preparation of its pictures, ready to score any picture of any size: the preparation and the model run one after the
/// other in OnnxRuntime. Safe to share between threads.
/// </summary>
internal sealed class AnomalyScorer : IPictureScorer
{
    private const string Picture = "picture";
    private const string Prepared = "prepared";
    private const string ScoreName = "score";
    private const string MapName = "map";

    // Whatever a model that prepares pictures itself needs at least; its map has one size for all.
    private const int ProbedSide = 64;

    private readonly InferenceSession? _preparation;
    private readonly InferenceSession _model;
    private readonly RunOptions _run;
    private bool _isDisposed;

    /// <param name="model">The model.</param>
    /// <param name="preprocessing">How pictures are prepared; null for what the model tells.</param>
    /// <param name="device">What runs the model.</param>
    /// <param name="parameterName">Where a preparation that doesn't fit comes from.</param>
    /// <param name="stop">Stops the trial run, and what a pipeline scores.</param>
    /// <exception cref="ArgumentException">The model takes no single picture, or of another size.</exception>
    /// <exception cref="InvalidDataException">The model fails when it runs, or gives what is no score and no map.</exception>
    /// <exception cref="InvalidOperationException">OnnxRuntime's native library is missing.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public AnomalyScorer(
        AnomalyOnnxModel model, ImagePreprocessing? preprocessing, OnnxDevice device, string parameterName, CancellationToken stop = default)
    {
        stop.ThrowIfCancellationRequested();
        if (preprocessing is null && model.PreparationProblem is { } problem)
            throw new ArgumentException($"'{model.Path}': {problem}. Say in Preprocessing how pictures are prepared.", parameterName);

        Model = model;
        Stop = stop;
        Preprocessing = preprocessing ?? model.Preprocessing;
        Input = model.PreparesItself ? null : ImageInput.Of(model, Preprocessing, parameterName);
        string? map = model.RawMap is null ? null : MapName;
        byte[] graph = new ScoringGraph(model).Build(Input is null ? Picture : Prepared, ShapeOf(Input, null), Input, ScoreName, map);
        try
        {
            // First of all that needs the native runtime: it says what is due where that is missing.
            _model = OnnxSession.Create(graph, device);
            _run = new();
            _preparation = Input is null ? null : OnnxSession.Create(PreparationOf(Preprocessing, Input), new(ExecutionProvider.Cpu, Threads: device.Threads));
            using CancellationTokenRegistration ofTrial = StopOn(_run, stop);
            MapSize = Probe();
        }
        catch (OnnxRuntimeException) when (stop.IsCancellationRequested)
        {
            Dispose();
            throw new OperationCanceledException(stop);
        }
        catch (OnnxRuntimeException e)
        {
            Dispose();
            throw new InvalidDataException($"'{model.Path}' can't be run{Described()}: {e.Message}", e);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public AnomalyOnnxModel Model { get; }

    /// <summary>Stops what a pipeline scores.</summary>
    public CancellationToken Stop { get; }

    public ImagePreprocessing Preprocessing { get; }

    /// <summary>What the model takes; null if it prepares pictures itself.</summary>
    public ImageInput? Input { get; }

    /// <summary>The area of a photo that the model sees; null if it prepares pictures itself, and doesn't say.</summary>
    public PictureArea? InspectedArea => Model.PreparesItself ? null : Model.Picture.AreaWithin(Preprocessing);

    ImageLibrary IPictureScorer.Library => Preprocessing.Library;

    /// <summary>The size of the map; null if the model gives none.</summary>
    public (int Height, int Width)? MapSize { get; }

    /// <summary>The shape of the input of <see cref="ScoringGraph"/>.</summary>
    /// <param name="input">What the model takes; null if it prepares pictures itself.</param>
    /// <param name="picture">The size of the pictures that it then takes; null for any.</param>
    public static long?[] ShapeOf(ImageInput? input, (int Height, int Width)? picture)
        => input is null ? [1, picture?.Height, picture?.Width, RgbPicture.Channels] : [1, input.Channels, input.Height, input.Width];

    /// <summary>The raw score of a picture, and its raw map.</summary>
    /// <param name="picture">The picture, of any size.</param>
    /// <param name="map">Receives the map, row by row; empty to leave it out.</param>
    /// <param name="cancellationToken">Stops it, also within the model.</param>
    /// <exception cref="InvalidDataException">The model fails on this picture.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="ObjectDisposedException">The model has been released.</exception>
    public float Score(RgbPicture picture, Span<float> map, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        using RunOptions? stoppable = cancellationToken.CanBeCanceled ? new() : null;
        RunOptions run = stoppable ?? _run;
        using CancellationTokenRegistration stop = StopOn(run, cancellationToken);
        try
        {
            using OrtValue pixels = ValueOf(picture);
            using IDisposableReadOnlyCollection<OrtValue>? prepared = _preparation?.Run(run, [Picture], [pixels], [Prepared]);
            using IDisposableReadOnlyCollection<OrtValue> results = _model.Run(
                run, [Input is null ? Picture : Prepared], [prepared?[0] ?? pixels], map.IsEmpty ? [ScoreName] : [ScoreName, MapName]);
            if (!map.IsEmpty)
            {
                ReadOnlySpan<float> values = results[1].GetTensorDataAsSpan<float>();
                if (values.Length != map.Length)
                    throw new InvalidDataException($"'{Model.Path}' gives a map of {values.Length} pixels for this picture; expected {map.Length}.");
                values.CopyTo(map);
            }

            return results[0].GetTensorDataAsSpan<float>()[0];
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"'{Model.Path}' fails on a picture of {picture.Height} x {picture.Width}: {e.Message}", e);
        }
    }

    float IPictureScorer.Score(RgbPicture picture, string? path, Span<float> map, CancellationToken cancellationToken)
        => Score(picture, map, cancellationToken);

    /// <summary>The prepared picture: channels x height x width.</summary>
    public float[] Prepare(RgbPicture picture)
    {
        using OrtValue pixels = ValueOf(picture);
        using IDisposableReadOnlyCollection<OrtValue> prepared
            = (_preparation ?? throw new InvalidOperationException("The model prepares pictures itself.")).Run(_run, [Picture], [pixels], [Prepared]);
        return prepared[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>The score and the map of a picture that is prepared already, channels x height x width.</summary>
    public float ScorePrepared(float[] prepared, Span<float> map)
    {
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(prepared, Array.ConvertAll(ShapeOf(Input, null), size => size!.Value));
        using IDisposableReadOnlyCollection<OrtValue> results = _model.Run(
            _run, [Prepared], [value], map.IsEmpty ? [ScoreName] : [ScoreName, MapName]);
        if (!map.IsEmpty)
            results[1].GetTensorDataAsSpan<float>().CopyTo(map);
        return results[0].GetTensorDataAsSpan<float>()[0];
    }

    public void Dispose()
    {
        _isDisposed = true;
        _preparation?.Dispose();
        _model?.Dispose();
        _run?.Dispose();
    }

    private static CancellationTokenRegistration StopOn(RunOptions run, CancellationToken cancellationToken)
        => cancellationToken.UnsafeRegister(static run => ((RunOptions)run!).Terminate = true, run);

    private static OrtValue ValueOf(RgbPicture picture)
        => OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, picture.Bytes, [1, picture.Height, picture.Width, RgbPicture.Channels]);

    private static byte[] PreparationOf(ImagePreprocessing preprocessing, ImageInput input)
    {
        var graph = new GraphEditor(PreparationGraph.Opset);
        graph.Graph.Input.Add(new ValueInfoProto { Name = Picture, Type = GraphEditor.TensorType(typeof(byte), [1, null, null, RgbPicture.Channels]) });
        graph.NodeTo(Prepared, "Identity", [PreparationGraph.AddTo(graph, Picture, preprocessing, input)]);
        graph.Graph.Output.Add(new ValueInfoProto { Name = Prepared, Type = GraphEditor.TensorType(typeof(float), ShapeOf(input, null)) });
        return graph.Model.ToByteArray();
    }

    private string Described()
        => Input is { } input ? $" on an image of {input.Height} x {input.Width}, {input.Channels} channel(s)" : "";

    // What the file says of the shape of the map may be open or wrong; so the model itself is asked, with a black picture.
    private (int, int)? Probe()
    {
        using OrtValue black = Input is { } input
            ? OrtValue.CreateTensorValueFromMemory(
                new float[input.Channels * input.Height * input.Width], [1, input.Channels, input.Height, input.Width])
            : ValueOf(new(new byte[ProbedSide * ProbedSide * RgbPicture.Channels], ProbedSide, ProbedSide));
        using IDisposableReadOnlyCollection<OrtValue> results = _model.Run(
            _run, [Input is null ? Picture : Prepared], [black], Model.RawMap is null ? [ScoreName] : [ScoreName, MapName]);
        return Model.RawMap is null ? null : results[1].GetTensorTypeAndShape().Shape switch
        {
            [1, 1, var height, var width] => ((int)height, (int)width),
            [1, var height, var width, 1] => ((int)height, (int)width),
            [1, var height, var width] => ((int)height, (int)width),
            [var height, var width] => ((int)height, (int)width),
            var other => throw new InvalidDataException(
                $"'{Model.Path}' gives '{Model.MapOutputName}' as {string.Join(" x ", other)} for one image; "
                + "expected a map, 1 x 1 x height x width."),
        };
    }
}
