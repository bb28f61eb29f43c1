using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Hosting;

/// <summary>
/// A named <see cref="AnomalyInspector"/> of an application. Its model is opened anew when its file or the configuration changes: what is
/// under way ends with the model that it began with, which is closed after its last use. A new model that can't be opened, or fails on the
/// reference picture, changes nothing and is told in the log.
/// </summary>
/// <remarks>Safe for many threads at once.</remarks>
public sealed class HostedInspector : IDisposable
{
    private readonly IOptionsMonitor<HostedInspectorOptions> _options;
    private readonly InspectionMetrics _metrics;
    private readonly ILogger _logger;
    private readonly IDisposable? _configurationWatch;
    private readonly object _reloading = new();
    private InspectorLease? _current;
    private ModelWatch? _modelWatch;
    private int _isReloadDue;

    /// <exception cref="OptionsValidationException">The options say no model, or can't be.</exception>
    internal HostedInspector(
        string name, IOptionsMonitor<HostedInspectorOptions> options, InspectionMetrics metrics, ILogger<HostedInspector> logger)
    {
        (Name, _options, _metrics, _logger) = (name, options, metrics, logger);
        lock (_reloading)
            _ = Open();
        _configurationWatch = options.OnChange((_, changed) =>
        {
            if (changed == Name)
                ReloadSoon();
        });
    }

    /// <summary>The name that it was registered under; empty for the one without.</summary>
    public string Name { get; }

    /// <summary>What the ONNX model is at the moment; null for a saved pipeline.</summary>
    /// <exception cref="ObjectDisposedException">The application has ended.</exception>
    public AnomalyOnnxModel? Model
    {
        get
        {
            using InspectorLease lease = Take();
            return lease.Inspector.Model;
        }
    }

    /// <summary>The raw thresholds that 100 stands for at the moment.</summary>
    /// <exception cref="ObjectDisposedException">The application has ended.</exception>
    public AnomalyThresholds Thresholds
    {
        get
        {
            using InspectorLease lease = Take();
            return lease.Inspector.Thresholds;
        }
    }

    /// <summary>The file of the model at the moment.</summary>
    internal string Path
    {
        get
        {
            using InspectorLease lease = Take();
            return lease.Inspector.Path;
        }
    }

    /// <summary>Tells that another model or other options have taken over, or why they haven't; on any thread.</summary>
    public event EventHandler<InspectorReloadedEventArgs>? Reloaded;

    /// <inheritdoc cref="AnomalyInspector.Inspect(string)"/>
    public Inspection Inspect(string path)
    {
        using InspectorLease lease = Take();
        using InspectionMeasurement measurement = _metrics.Begin(Name);
        return measurement.End(lease.Inspector.Inspect(path));
    }

    /// <inheritdoc cref="AnomalyInspector.Inspect(Stream)"/>
    public Inspection Inspect(Stream stream)
    {
        using InspectorLease lease = Take();
        using InspectionMeasurement measurement = _metrics.Begin(Name);
        return measurement.End(lease.Inspector.Inspect(stream));
    }

    /// <inheritdoc cref="AnomalyInspector.Inspect(MLImage)"/>
    public Inspection Inspect(MLImage image)
    {
        using InspectorLease lease = Take();
        using InspectionMeasurement measurement = _metrics.Begin(Name);
        return measurement.End(lease.Inspector.Inspect(image));
    }

    /// <inheritdoc cref="AnomalyInspector.Inspect(ReadOnlySpan{byte}, int, int, int, PixelFormat)"/>
    public Inspection Inspect(ReadOnlySpan<byte> pixels, int width, int height, int stride, PixelFormat format)
    {
        using InspectorLease lease = Take();
        using InspectionMeasurement measurement = _metrics.Begin(Name);
        return measurement.End(lease.Inspector.Inspect(pixels, width, height, stride, format));
    }

    /// <inheritdoc cref="AnomalyInspector.InspectAsync(string, CancellationToken)"/>
    public async Task<Inspection> InspectAsync(string path, CancellationToken cancellationToken = default)
    {
        using InspectorLease lease = Take();
        using InspectionMeasurement measurement = _metrics.Begin(Name);
        return measurement.End(await lease.Inspector.InspectAsync(path, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc cref="AnomalyInspector.InspectAsync(Stream, CancellationToken)"/>
    public async Task<Inspection> InspectAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        using InspectorLease lease = Take();
        using InspectionMeasurement measurement = _metrics.Begin(Name);
        return measurement.End(await lease.Inspector.InspectAsync(stream, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Stops watching, and closes the model after its last use.</summary>
    public void Dispose()
    {
        _configurationWatch?.Dispose();
        lock (_reloading)
        {
            _modelWatch?.Dispose();
            Interlocked.Exchange(ref _current, null)?.Dispose();
        }
    }

    /// <summary>Inspects the reference picture, or a black one, with the model that is in use.</summary>
    /// <exception cref="InvalidDataException">Its score is NaN, or its decision another than is due.</exception>
    internal Inspection InspectReference()
    {
        using InspectorLease lease = Take();
        return InspectReference(lease.Inspector, _options.Get(Name));
    }

    private static Inspection InspectReference(AnomalyInspector inspector, HostedInspectorOptions options)
    {
        const int side = 64;
        Inspection inspection = options.ReferencePicture is { } picture
            ? inspector.Inspect(picture)
            : inspector.Inspect(new byte[side * side], side, side, side, PixelFormat.Gray8);
        if (float.IsNaN(inspection.RawScore) || (options.ReferenceDecision is { } due && inspection.Decision != due))
        {
            throw new InvalidDataException(
                $"The reference picture gets {inspection}; expected {options.ReferenceDecision?.ToString().ToLowerInvariant() ?? "a number"}.");
        }

        return inspection;
    }

    // A lease that ends between reading and taking is that of a model which was just replaced.
    private InspectorLease Take()
    {
        while (Volatile.Read(ref _current) is { } lease)
        {
            if (lease.TryTake())
                return lease;
        }

        throw new ObjectDisposedException(nameof(HostedInspector));
    }

    private void ReloadSoon()
    {
        // Changes come in swarms: a model, its description, a directory.
        if (Interlocked.Exchange(ref _isReloadDue, 1) == 0)
            _ = Task.Run(Reload);
    }

    private void Reload()
    {
        Volatile.Write(ref _isReloadDue, 0);
        Exception? problem = null;
        (string Model, AnomalyThresholds Thresholds)? opened = null;
        lock (_reloading)
        {
            if (Volatile.Read(ref _current) is null)
                return;
            try
            {
                opened = Open();
            }
            catch (Exception e) when (e is IOException or InvalidDataException or ArgumentException or InvalidOperationException
                or UnauthorizedAccessException or OptionsValidationException)
            {
                problem = e;
            }
        }

        _metrics.CountReload(Name, problem is null);
        if (opened is var (model, thresholds))
            _logger.ModelReloaded(Name, model, thresholds.Image, thresholds.Pixel);
        else
            _logger.ModelRefused(problem!, Name);
        Reloaded?.Invoke(this, new(problem));
    }

    // In the lock. What was open stays until the new one has shown that it works.
    private (string Model, AnomalyThresholds Thresholds) Open()
    {
        HostedInspectorOptions options = _options.Get(Name);
        if (options.ModelPath.Length == 0)
            throw Invalid("ModelPath is not set");

        AnomalyInspectorOptions inspectorOptions;
        try
        {
            inspectorOptions = options.ToInspectorOptions();
        }
        catch (ArgumentException e)
        {
            throw Invalid(e.Message);
        }

        // Watched before it is read, so that no change falls between.
        if (_modelWatch?.Path != options.ModelPath || !options.ReloadOnChange)
        {
            _modelWatch?.Dispose();
            _modelWatch = null;
            if (options.ReloadOnChange)
                _modelWatch = new(options.ModelPath, ReloadSoon);
        }

        var opened = new InspectorLease(AnomalyInspector.Open(options.ModelPath, inspectorOptions));
        try
        {
            InspectReference(opened.Inspector, options);
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        (string, AnomalyThresholds) what = (opened.Inspector.Path, opened.Inspector.Thresholds);
        Interlocked.Exchange(ref _current, opened)?.Dispose();
        return what;

        OptionsValidationException Invalid(string problem)
            => new(Name, typeof(HostedInspectorOptions), [$"The options of the inspector '{Name}' can't be used: {problem.TrimEnd('.')}."]);
    }

    private sealed class ModelWatch : IDisposable
    {
        private readonly PhysicalFileProvider _folder;
        private readonly IDisposable _registration;

        public ModelWatch(string path, Action changed)
        {
            Path = path;
            string full = System.IO.Path.GetFullPath(path);
            (string folder, string model) = Directory.Exists(full)
                ? (full, "*.onnx")
                : (System.IO.Path.GetDirectoryName(full)!, System.IO.Path.GetFileName(full));
            if (!Directory.Exists(folder))
                throw new FileNotFoundException($"There is no model '{path}'.", path);
            _folder = new(folder);

            // The description beside a model has its thresholds.
            _registration = ChangeToken.OnChange(() => new CompositeChangeToken([_folder.Watch(model), _folder.Watch("*.json")]), changed);
        }

        public string Path { get; }

        public void Dispose()
        {
            _registration.Dispose();
            _folder.Dispose();
        }
    }
}
