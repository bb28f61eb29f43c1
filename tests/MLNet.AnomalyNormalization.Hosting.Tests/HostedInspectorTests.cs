using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Tests;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Hosting.Tests;

[TestClass]
public sealed class HostedInspectorTests : IDisposable
{
    private const int Side = 8;
    private static readonly TimeSpan s_never = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();

    public HostedInspectorTests() => SaveModel("model.onnx", image: 0.5);

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task An_application_inspects_by_name_with_the_bits_of_an_inspector()
    {
        SaveModel("other/model.onnx", image: 0.25);
        using IHost host = Host(services =>
        {
            services.AddAnomalyInspector("line4", options => options.ModelPath = _folder["model.onnx"]);
            services.AddAnomalyInspector("line5", options => options.ModelPath = _folder["other"]);
            services.AddAnomalyInspector("", options => (options.ModelPath, options.ImageThreshold, options.PixelThreshold) = (_folder[""], 7, 8));
        });
        await host.StartAsync();
        using AnomalyInspector expected = AnomalyInspector.Open(_folder["model.onnx"]);
        HostedInspector line4 = host.Services.GetRequiredKeyedService<HostedInspector>("line4");
        HostedInspector line5 = host.Services.GetRequiredKeyedService<HostedInspector>("line5");
        Inspection due = expected.Inspect(Grey(200), Side, Side, Side, PixelFormat.Gray8);
        Inspection came = Inspect(line4, 200);
        Assert.AreEqual((due.RawScore, due.NormalizedScore, due.Decision), (came.RawScore, came.NormalizedScore, came.Decision));
        CollectionAssert.AreEqual(due.NormalizedMap!.Values, came.NormalizedMap!.Values);
        Assert.AreEqual(new AnomalyThresholds(0.25, 1), line5.Thresholds);
        Assert.AreEqual(new AnomalyThresholds(7, 8), host.Services.GetRequiredService<HostedInspector>().Thresholds);
        Assert.AreEqual("line4", line4.Name);

        await host.StopAsync();
        host.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => Inspect(line4, 0));
    }

    [TestMethod]
    [DataRow("", null, null, "ModelPath", DisplayName = "no model named")]
    [DataRow("none.onnx", null, null, "none.onnx", DisplayName = "no such model")]
    [DataRow("model.onnx", 1.0, null, "PixelThreshold", DisplayName = "half of the thresholds")]
    [DataRow("model.onnx", double.NaN, 1.0, "finite", DisplayName = "a threshold that is none")]
    public async Task An_application_with_options_that_cannot_be_does_not_start(string model, double? image, double? pixel, string named)
    {
        using IHost host = Host(services => services.AddAnomalyInspector("line4", options =>
        {
            options.ModelPath = model.Length == 0 ? "" : _folder[model];
            (options.ImageThreshold, options.PixelThreshold) = (image, pixel);
        }));
        StringAssert.Contains((await Assert.ThrowsAsync<Exception>(() => host.StartAsync())).Message, named);
    }

    [TestMethod]
    public async Task A_new_model_takes_over_without_a_lost_or_mixed_answer()
    {
        using IHost host = Host(services => services.AddAnomalyInspector("", options => options.ModelPath = _folder["model.onnx"]));
        await host.StartAsync();
        HostedInspector inspector = host.Services.GetRequiredService<HostedInspector>();
        AnomalyThresholds[] both = [new(0.5, 1), new(0.25, 1)];
        float[] scores = [new ScoreNormalizer(0.5).Normalize(Raw()), new ScoreNormalizer(0.25).Normalize(Raw())];
        using var stop = new CancellationTokenSource();
        Task[] lines = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Inspection inspection = Inspect(inspector, 200);
                int which = Array.IndexOf(both, inspection.Thresholds);
                Assert.AreNotEqual(-1, which);
                Assert.AreEqual(scores[which], inspection.NormalizedScore);
            }
        }))];

        for (int turn = 1; turn <= 6; turn++)
        {
            Task<Exception?> reloaded = NextReload(inspector, () => inspector.Thresholds == both[turn % 2]);
            SaveModel("model.onnx", both[turn % 2].Image);
            Assert.IsNull(await reloaded);
        }

        await stop.CancelAsync();
        await Task.WhenAll(lines);

        float Raw() => Inspect(inspector, 200).RawScore;
    }

    [TestMethod]
    [DataRow("no model", DisplayName = "a model that can't be opened")]
    [DataRow(null, DisplayName = "a model that decides the reference picture otherwise")]
    public async Task A_new_model_that_does_not_work_changes_nothing_and_is_told(string? content)
    {
        var log = new Errors();
        using IHost host = Host(
            services => services.AddAnomalyInspector("line4", options =>
                (options.ModelPath, options.ReferenceDecision) = (_folder["model.onnx"], Decision.Pass)),
            log);
        await host.StartAsync();
        HostedInspector inspector = host.Services.GetRequiredKeyedService<HostedInspector>("line4");
        float before = Inspect(inspector, 200).NormalizedScore;

        Task<Exception?> refused = NextReload(inspector, () => true);
        if (content is null)
            SaveModel("model.onnx", image: -5);
        else
            File.WriteAllText(_folder["model.onnx"], content);
        Assert.IsInstanceOfType<InvalidDataException>(await refused);
        Assert.AreEqual(before, Inspect(inspector, 200).NormalizedScore);
        StringAssert.Contains(log.Messages.First(), "'line4' goes on with the former model");
    }

    [TestMethod]
    public async Task Options_are_taken_from_the_configuration_and_follow_it()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Inspection:line4:ModelPath"] = _folder["model.onnx"],
            ["Inspection:line4:ReviewFrom"] = "80",
            ["Inspection:line4:ReviewTo"] = "1000",
            ["Inspection:line4:Provider"] = "Cpu",
        }).Build();
        using IHost host = Host(services =>
        {
            services.AddSingleton<IConfiguration>(configuration);
            services.AddAnomalyInspector("line4").BindConfiguration("Inspection:line4");
        });
        await host.StartAsync();
        HostedInspector inspector = host.Services.GetRequiredKeyedService<HostedInspector>("line4");
        Assert.AreEqual(new AnomalyThresholds(0.5, 1), inspector.Thresholds);
        Assert.AreEqual(Decision.Review, Inspect(inspector, 255).Decision);

        Task<Exception?> reloaded = NextReload(inspector, () => true);
        configuration["Inspection:line4:ImageThreshold"] = "3";
        configuration["Inspection:line4:PixelThreshold"] = "4";
        configuration.Reload();
        Assert.IsNull(await reloaded);
        Assert.AreEqual(new AnomalyThresholds(3, 4), inspector.Thresholds);

        Task<Exception?> refused = NextReload(inspector, () => true);
        configuration["Inspection:line4:ModelPath"] = "";
        configuration.Reload();
        Assert.IsInstanceOfType<OptionsValidationException>(await refused);
        Assert.AreEqual(new AnomalyThresholds(3, 4), inspector.Thresholds);

        // From a folder that there isn't, and back: the file is watched as before.
        refused = NextReload(inspector, () => true);
        configuration["Inspection:line4:ModelPath"] = _folder["nowhere/model.onnx"];
        configuration.Reload();
        Assert.IsInstanceOfType<FileNotFoundException>(await refused);
        reloaded = NextReload(inspector, () => inspector.Thresholds.Image == 0.5);
        configuration["Inspection:line4:ModelPath"] = _folder["model.onnx"];
        configuration["Inspection:line4:ImageThreshold"] = configuration["Inspection:line4:PixelThreshold"] = null;
        configuration.Reload();
        Assert.IsNull(await reloaded);
        reloaded = NextReload(inspector, () => inspector.Thresholds.Image == 0.25);
        SaveModel("model.onnx", image: 0.25);
        Assert.IsNull(await reloaded);
    }

    [TestMethod]
    public async Task A_board_sees_decisions_scores_durations_failures_reloads_and_activities()
    {
        string name = Path.GetRandomFileName();
        using var measurements = new Measurements("anomaly.inspector", name);
        var activities = new List<Activity>();
        using var activityListener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "MLNet.AnomalyNormalization",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (activities)
                    activities.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(activityListener);

        using IHost host = Host(services => services.AddAnomalyInspector(name, options => options.ModelPath = _folder["model.onnx"]));
        await host.StartAsync();
        HostedInspector inspector = host.Services.GetRequiredKeyedService<HostedInspector>(name);
        Inspection inspection = Inspect(inspector, 255);
        Assert.ThrowsExactly<FileNotFoundException>(() => inspector.Inspect(_folder["none.png"]));
        Task<Exception?> reloaded = NextReload(inspector, () => inspector.Thresholds.Image == 0.25);
        SaveModel("model.onnx", image: 0.25);
        await reloaded;

        (string, double, string?)[] measured = measurements.Seen;
        CollectionAssert.Contains(measured, ("anomaly.inspections", 1.0, (string?)"reject"));
        CollectionAssert.Contains(measured, ("anomaly.score", (double)inspection.NormalizedScore, (string?)null));
        CollectionAssert.Contains(measured, ("anomaly.inspection.duration", inspection.Timings.Model.TotalSeconds, (string?)"model"));
        CollectionAssert.Contains(measured, ("anomaly.inspection.failures", 1.0, (string?)null));
        CollectionAssert.Contains(measured, ("anomaly.model.reloads", 1.0, (string?)"reloaded"));
        Activity activity = activities.First(activity => Equals(activity.GetTagItem("anomaly.inspector"), name));
        Assert.AreEqual(inspection.NormalizedScore, activity.GetTagItem("anomaly.score"));
    }

    [TestMethod]
    [DataRow(null, HealthStatus.Healthy, DisplayName = "any number")]
    [DataRow(Decision.Pass, HealthStatus.Healthy, DisplayName = "the decision that is due")]
    public async Task The_health_check_runs_the_model_on_the_reference_picture(Decision? due, HealthStatus expected)
    {
        using IHost host = Host(services =>
        {
            services.AddAnomalyInspector("line4", options => (options.ModelPath, options.ReferenceDecision) = (_folder["model.onnx"], due));
            services.AddHealthChecks().AddAnomalyInspector("line4");
        });
        await host.StartAsync();
        HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.AreEqual(expected, report.Status);
        Assert.AreEqual("pass", report.Entries["anomaly-inspector-line4"].Data["decision"]);
    }

    [TestMethod]
    public async Task The_health_check_fails_when_the_reference_picture_is_gone()
    {
        string picture = _folder["reference.png"];
        Png.Write(picture, Side, Side, 8, Png.Grey, Grey(0));
        using IHost host = Host(services =>
        {
            services.AddAnomalyInspector("", options => (options.ModelPath, options.ReferencePicture) = (_folder["model.onnx"], picture));
            services.AddHealthChecks().AddAnomalyInspector("");
        });
        await host.StartAsync();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.AreEqual(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        File.Delete(picture);
        HealthReport report = await health.CheckHealthAsync();
        Assert.AreEqual(HealthStatus.Unhealthy, report.Status);
        StringAssert.Contains(report.Entries["anomaly-inspector"].Description, "reference.png");
    }

    [TestMethod]
    public void A_lease_is_disposed_after_its_last_use_and_taken_no_more()
    {
        AnomalyInspector inspector = AnomalyInspector.Open(_folder["model.onnx"]);
        var lease = new InspectorLease(inspector);
        Assert.IsTrue(lease.TryTake());
        lease.Dispose();
        Assert.IsTrue(lease.TryTake());
        lease.Dispose();
        inspector.Inspect(Grey(1), Side, Side, Side, PixelFormat.Gray8);
        lease.Dispose();
        Assert.IsFalse(lease.TryTake());
        Assert.Throws<ObjectDisposedException>(() => inspector.Inspect(Grey(1), Side, Side, Side, PixelFormat.Gray8));
    }

    private static IHost Host(Action<IServiceCollection> add, ILoggerProvider? log = null)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        if (log is not null)
            builder.Logging.AddProvider(log);
        add(builder.Services);
        return builder.Build();
    }

    private static async Task<Exception?> NextReload(HostedInspector inspector, Func<bool> isIt)
    {
        var reload = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        inspector.Reloaded += Reloaded;
        try
        {
            return await reload.Task.WaitAsync(s_never);
        }
        finally
        {
            inspector.Reloaded -= Reloaded;
        }

        void Reloaded(object? sender, InspectorReloadedEventArgs args)
        {
            if (args.Problem is not null || isIt())
                reload.TrySetResult(args.Problem);
        }
    }

    private static Inspection Inspect(HostedInspector inspector, byte grey)
        => inspector.Inspect(Grey(grey), Side, Side, Side, PixelFormat.Gray8);

    private static byte[] Grey(byte value)
    {
        byte[] pixels = new byte[Side * Side];
        Array.Fill(pixels, value);
        return pixels;
    }

    // The map is the mean of the prepared channels. A model comes whole, with its thresholds in itself: moved into its place.
    private void SaveModel(string name, double image)
    {
        ModelProto model = ModelFile.Empty();
        model.Graph.Input.Add(ModelFile.Value("input", typeof(float), 1, 3, Side, Side));
        model.Graph.Node.Add(ModelFile.Node("ReduceMean", ["input"], ["anomaly_map"], GraphEditor.Attribute("axes", [1L])));
        model.Graph.Output.Add(ModelFile.Value("anomaly_map", typeof(float), 1, 1, Side, Side));
        model.MetadataProps.Add(new StringStringEntryProto { Key = "image_threshold", Value = FormattableString.Invariant($"{image}") });
        model.MetadataProps.Add(new StringStringEntryProto { Key = "pixel_threshold", Value = "1" });
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        File.Move(model.Save(_folder["unfinished"]), _folder[name], overwrite: true);
    }

    private sealed class Errors : ILoggerProvider, ILogger
    {
        private readonly List<string> _errors = [];

        public IEnumerable<string> Messages
        {
            get
            {
                lock (_errors)
                    return [.. _errors];
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error)
            {
                lock (_errors)
                    _errors.Add(formatter(state, exception));
            }
        }

        void IDisposable.Dispose()
        {
        }
    }
}
