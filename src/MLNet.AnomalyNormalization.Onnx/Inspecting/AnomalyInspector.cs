using System.Buffers;
using System.Diagnostics;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Files;
using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Onnx.Scoring;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>
/// An anomaly model, ready to inspect pictures: a file, a stream, an image or a camera's buffer in, a score with 100 for the threshold, a
/// decision and the defective regions out. The bits are those of a pipeline of <c>ApplyAnomalyOnnxModel</c> and <c>NormalizeAnomaly</c>.
/// </summary>
/// <remarks>Safe for many threads at once, without a pool; nothing but the result is allocated for a picture in memory, once it is warm.</remarks>
public sealed class AnomalyInspector : IDisposable
{
    private readonly IPictureScorer _scorer;
    private readonly AnomalyInspectorOptions _options;
    private readonly AnomalyNormalizationOptions _normalization;
    private Scale _scale;

    private AnomalyInspector(
        string path, IPictureScorer scorer, AnomalyInspectorOptions options, AnomalyThresholds thresholds, ReviewBand? keptBand,
        AnomalyNormalizationOptions normalization)
    {
        (Path, _scorer, _options, _normalization) = (path, scorer, options, normalization);
        ReviewBand = options.ReviewBand ?? (options.Thresholds is null ? keptBand : null);
        _scale = new(thresholds, normalization);
    }

    /// <summary>The file of the model.</summary>
    public string Path { get; }

    /// <summary>What the ONNX model is; null for a saved pipeline.</summary>
    public AnomalyOnnxModel? Model => (_scorer as AnomalyScorer)?.Model;

    /// <summary>The raw thresholds that 100 stands for; may be set while pictures are inspected, each of which sees one pair.</summary>
    public AnomalyThresholds Thresholds
    {
        get => Volatile.Read(ref _scale).Thresholds;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Volatile.Write(ref _scale, new(value, _normalization));
        }
    }

    /// <summary>Where a person decides on that scale: the band of the options, or the one kept with the model's thresholds; null for nowhere.</summary>
    public ReviewBand? ReviewBand { get; }

    /// <summary>Opens a model.</summary>
    /// <param name="path">
    /// The ONNX file; a folder with one: <c>model.onnx</c>, or its only one; or a pipeline that <c>mlContext.Model.Save</c> or
    /// <c>SaveAnomalyModel</c> wrote, from a column of images, or of the paths of picture files, to normalised scores.
    /// </param>
    /// <param name="options">How to see and decide; null for what the model tells.</param>
    /// <remarks>
    /// A saved pipeline decides by its own normaliser. It doesn't tell which area of a picture its maps cover: they are taken for maps of
    /// the whole picture. One that takes paths inspects files alone.
    /// </remarks>
    /// <exception cref="FileNotFoundException">There is no such file, or no model in the folder.</exception>
    /// <exception cref="InvalidDataException">The file is no anomaly model, or a damaged one; see <see cref="AnomalyOnnxModel.Open"/>.</exception>
    /// <exception cref="InvalidOperationException">
    /// The model came without thresholds and the options have none, or OnnxRuntime's native library or the provider is missing; the message
    /// says what to do.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// The model takes no single picture, the preparation doesn't fit it, an option is out of range, or none of a saved pipeline.
    /// </exception>
    public static AnomalyInspector Open(string path, AnomalyInspectorOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new();
        Check(options);
        string file = Directory.Exists(path) ? ModelIn(path) : path;
        return IsZip(file) ? OpenPipeline(file, options) : OpenOnnx(file, options);
    }

    /// <summary>Inspects a picture file: PNG, JPEG, WebP, BMP or GIF, read as Python's libraries read it.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no picture, a damaged or too large one, or the model fails on it.</exception>
    public Inspection Inspect(string path) => Inspect(path, CancellationToken.None);

    /// <summary>Inspects a picture file that is read from a stream.</summary>
    /// <param name="stream">The stream, from where it stands to its end.</param>
    /// <exception cref="InvalidDataException">It holds no picture, a damaged or too large one, or the model fails on it.</exception>
    public Inspection Inspect(Stream stream) => Inspect(stream, CancellationToken.None);

    /// <summary>
    /// Inspects many picture files, several at once, and gives the inspections in the order of the files as they are done. Each picture goes
    /// through the model by itself, also where the model takes batches: its numbers don't depend on what lies beside it.
    /// </summary>
    /// <param name="paths">The files.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="FileNotFoundException">There is no such file; those before it were inspected.</exception>
    /// <exception cref="InvalidDataException">A file is no picture, or a damaged or too large one; those before it were inspected.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IEnumerable<Inspection> InspectAll(IEnumerable<string> paths, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return InspectInOrder(paths, cancellationToken);
    }

    /// <summary>Inspects an image of ML.NET, which stays the caller's.</summary>
    /// <param name="image">The image; without transparency.</param>
    /// <exception cref="InvalidDataException">It is transparent in places, or the model fails on it.</exception>
    public Inspection Inspect(MLImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        long start = Stopwatch.GetTimestamp();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(image.Width * image.Height * RgbPicture.Channels);
        try
        {
            return Inspect(ImagePixels.From(image, ref buffer), null, isOwn: false, start, CancellationToken.None);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Inspects a picture in memory, as a camera gives it.</summary>
    /// <param name="pixels">The pixels, row by row.</param>
    /// <param name="width">The pixels of a row.</param>
    /// <param name="height">The rows.</param>
    /// <param name="stride">The bytes from one row to the next; at least those of a row.</param>
    /// <param name="format">How a pixel lies in memory.</param>
    /// <exception cref="ArgumentException">There are fewer bytes than the size needs.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the format is none.</exception>
    /// <exception cref="InvalidDataException">The model fails on the picture.</exception>
    public Inspection Inspect(ReadOnlySpan<byte> pixels, int width, int height, int stride, PixelFormat format)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, ImageInput.LargestSide);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, ImageInput.LargestSide);
        int row = width * ImagePixels.SizeOf(format);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, row);
        if (pixels.Length < ((long)stride * (height - 1)) + row)
        {
            throw new ArgumentException(
                $"There are {pixels.Length} bytes; {height} rows of {row} bytes, {stride} apart, have {((long)stride * (height - 1)) + row}.",
                nameof(pixels));
        }

        long start = Stopwatch.GetTimestamp();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(width * height * RgbPicture.Channels);
        try
        {
            RgbPicture picture = ImagePixels.From(pixels, width, height, stride, format, ref buffer);
            return Inspect(picture, null, isOwn: false, start, CancellationToken.None);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Inspects a picture file on a thread of the pool.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Stops it, also within the model.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <inheritdoc cref="Inspect(string)"/>
    public Task<Inspection> InspectAsync(string path, CancellationToken cancellationToken = default)
        => Task.Run(() => Inspect(path, cancellationToken), cancellationToken);

    /// <summary>Reads a picture file from a stream, and inspects it on a thread of the pool.</summary>
    /// <param name="stream">The stream, from where it stands to its end.</param>
    /// <param name="cancellationToken">Stops it, also within the model.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <inheritdoc cref="Inspect(Stream)"/>
    public async Task<Inspection> InspectAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken).ConfigureAwait(false);
        content.Position = 0;
        return await Task.Run(() => Inspect(content, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Releases the model. No inspection may be under way.</summary>
    public void Dispose() => _scorer.Dispose();

    private static AnomalyInspector OpenOnnx(string path, AnomalyInspectorOptions options)
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(path);
        if (model.ScoreOutputName is null && model.MapOutputName is null)
        {
            throw new ArgumentException(
                $"'{model.Path}' gives normalised scores alone. Open the model that it was made from, or one that was baked with its raw outputs.",
                nameof(path));
        }

        AnomalyThresholds thresholds = options.Thresholds ?? model.Thresholds
            ?? throw new InvalidOperationException(
                $"'{model.Path}' came without thresholds. Give them in the options, or put the file with them beside the model.");
        var device = new OnnxDevice(options.Provider, options.DeviceId, options.Threads);
        return new(
            model.Path, new AnomalyScorer(model, options.Preprocessing, device, nameof(options)), options, thresholds, model.ReviewBand, new());
    }

    private static AnomalyInspector OpenPipeline(string path, AnomalyInspectorOptions options)
    {
        if (options is not { Preprocessing: null, Provider: ExecutionProvider.Cpu, DeviceId: 0, Threads: null })
        {
            throw new ArgumentException(
                $"'{path}' is a saved pipeline, which prepares its pictures and has its device by itself. Leave Preprocessing, Provider, "
                + "DeviceId and Threads as they are, or open the ONNX model.", nameof(options));
        }

        var scorer = new PipelineScorer(path, options.ImageColumnName);
        AnomalyNormalizationTransformer own = scorer.Normalization;
        return new(path, scorer, options, options.Thresholds ?? own.Thresholds, own.Options.ReviewBand, own.Options);
    }

    private static bool IsZip(string path)
    {
        _ = RegularFile.RequireLength(path);
        Span<byte> head = stackalloc byte[4];
        using FileStream file = File.OpenRead(path);
        return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.SequenceEqual("PK\u0003\u0004"u8);
    }

    private static string ModelIn(string folder)
    {
        string[] models = Directory.GetFiles(folder, "*.onnx");
        return Array.Find(models, path => System.IO.Path.GetFileName(path) == "model.onnx")
            ?? (models is [var only] ? only
                : throw new FileNotFoundException(
                    $"There are {models.Length} ONNX files in '{folder}', and none is model.onnx. Give the path of the model.", folder));
    }

    private static void Check(AnomalyInspectorOptions options)
    {
        if (!Enum.IsDefined(options.Provider))
            throw new ArgumentException($"There is no provider {options.Provider}.", nameof(options));
        if (options.Threads < 1 || options.DeviceId < 0 || options.MaximumPixels < 1)
        {
            throw new ArgumentException(
                $"Threads is {options.Threads}, DeviceId {options.DeviceId}, MaximumPixels {options.MaximumPixels}; "
                + "expected at least 1 thread, a device from 0, and at least 1 pixel.", nameof(options));
        }
    }

    private Inspection Inspect(string path, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        long start = Stopwatch.GetTimestamp();
        RgbPicture picture = PictureFile.Read(path, _scorer.Library, _options.MaximumPixels);
        return Inspect(picture, path, isOwn: true, start, cancellationToken);
    }

    private Inspection Inspect(Stream stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        long start = Stopwatch.GetTimestamp();
        RgbPicture picture = PictureFile.Read(stream, _scorer.Library, _options.MaximumPixels);
        return Inspect(picture, null, isOwn: true, start, cancellationToken);
    }

    private IEnumerable<Inspection> InspectInOrder(IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        // Who stops looking stops those that are under way, too.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new Queue<Task<Inspection>>();
        try
        {
            foreach (string path in paths)
            {
                running.Enqueue(InspectAsync(path, stop.Token));
                if (running.Count > Environment.ProcessorCount)
                    yield return running.Dequeue().GetAwaiter().GetResult();
            }

            while (running.TryDequeue(out Task<Inspection>? next))
                yield return next.GetAwaiter().GetResult();
        }
        finally
        {
            stop.Cancel();
            ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        }
    }

    // The pixels of a picture that isn't the inspection's own are gone when the call returns.
    private Inspection Inspect(RgbPicture picture, string? path, bool isOwn, long start, CancellationToken cancellationToken)
    {
        Scale scale = Volatile.Read(ref _scale);
        long decoded = Stopwatch.GetTimestamp();
        (int Height, int Width)? size = _options.IncludeMap ? _scorer.MapSize : null;
        float[] raw = size is var (height, width) ? new float[height * width] : [];
        float score = _scorer.Score(picture, path, raw, cancellationToken);
        long scored = Stopwatch.GetTimestamp();

        float[] normalized = raw.Length == 0 ? [] : new float[raw.Length];
        scale.Map.Normalize<float>(raw, normalized);
        return new(_options.Regions, _scorer.Library, path, _options.KeepPicture ? isOwn ? picture : picture.Copy() : null)
        {
            RawScore = score,
            NormalizedScore = scale.Image.Normalize(score),
            IsAnomalous = scale.Image.IsAnomalous(score),
            Decision = scale.Image.Decide(score, ReviewBand),
            RawMap = size is var (rows, columns) ? new AnomalyMap(raw, rows, columns) : null,
            NormalizedMap = size is var (r, c) ? new AnomalyMap(normalized, r, c) : null,
            InspectedArea = _scorer.InspectedArea,
            Thresholds = scale.Thresholds,
            Timings = new(
                Stopwatch.GetElapsedTime(start, decoded), Stopwatch.GetElapsedTime(decoded, scored), Stopwatch.GetElapsedTime(scored)),
        };
    }

    private sealed class Scale
    {
        public Scale(AnomalyThresholds thresholds, AnomalyNormalizationOptions options)
        {
            Thresholds = thresholds;
            (Image, _, Map) = options.NormalizersFor(thresholds);
        }

        public AnomalyThresholds Thresholds { get; }

        public ScoreNormalizer Image { get; }

        public ScoreNormalizer Map { get; }
    }
}
