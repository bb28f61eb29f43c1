using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

/// <summary>A model that PyTorch's exporter wrote, and what PyTorch gives with it for the cookie photos.</summary>
/// <param name="Name">The name of its folder.</param>
/// <param name="Folder">Where model.onnx lies, with the sidecar of its generation.</param>
/// <param name="PixelsFolder">What the model's input gets in Python for each photo: files NAME.f32, 3 x height x width.</param>
/// <param name="Expected">What PyTorch gives, in raw units.</param>
internal sealed partial record ExportedModel(string Name, string Folder, string PixelsFolder, ExpectedScores Expected)
{
    private const string SharedPrefix = "shared/";

    // Made once for a test run: a minute of Python.
    private static readonly Lazy<(TemporaryFolder? Folder, string Problem)> _exports = new(RunExporters);

    public string Path => System.IO.Path.Combine(Folder, "model.onnx");

    public string Sidecar => new[] { "model.json", "metadata.json", "meta_data.json" }
        .FirstOrDefault(file => File.Exists(System.IO.Path.Combine(Folder, file))) ?? "";

    /// <summary>The models of tests/exporters, and those that lie beside the checkout.</summary>
    public static IEnumerable<string> Names
    {
        get
        {
            string shared = System.IO.Path.Combine(Repository.Root, "..", "shared", "exports");
            string cases = File.ReadAllText(System.IO.Path.Combine(Exporters, "export_models.py"));
            return CaseName().Matches(cases).Select(match => match.Groups[1].Value)
                .Concat(Directory.Exists(shared)
                    ? Directory.GetDirectories(shared).Select(folder => SharedPrefix + System.IO.Path.GetFileName(folder)).Order()
                    : []);
        }
    }

    /// <summary>Whether it lies beside the checkout, which has neither inputs nor references of its own.</summary>
    public static bool IsShared(string name) => name.StartsWith(SharedPrefix, StringComparison.Ordinal);

    public static string Photos => Repository.SharedData("cookie");

    private static string Exporters => System.IO.Path.Combine(Repository.Root, "tests", "exporters");

    /// <summary>Reads a model; the test is inconclusive where Python, its packages or the photos are missing.</summary>
    public static ExportedModel Find(string name)
    {
        _ = Photos;
        (TemporaryFolder? exports, string problem) = _exports.Value;
        if (exports is null)
            Assert.Inconclusive(problem);

        string folder = IsShared(name)
            ? System.IO.Path.Combine(Repository.Root, "..", "shared", "exports", name[SharedPrefix.Length..])
            : exports[name];
        using FileStream file = File.OpenRead(System.IO.Path.Combine(folder, "expected.json"));
        ExpectedFile expected = JsonSerializer.Deserialize<ExpectedFile>(file, Json)!;
        return new(name, folder, System.IO.Path.Combine(exports["pixels"], expected.Pixels ?? PixelsOf(name)), expected.Photos);
    }

    public static void DeleteExports()
    {
        if (_exports.IsValueCreated)
            _exports.Value.Folder?.Dispose();
    }

    /// <summary>What the input gets in Python for a photo.</summary>
    public float[] Pixels(ExpectedScores.Row row)
    {
        string file = $"{System.IO.Path.GetFileNameWithoutExtension(row.File)}.f32";
        byte[] bytes = File.ReadAllBytes(System.IO.Path.Combine(PixelsFolder, file));
        float[] values = new float[bytes.Length / sizeof(float)];
        Buffer.BlockCopy(bytes, 0, values, 0, bytes.Length);
        return values;
    }

    private static JsonSerializerOptions Json { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    // The models beside the checkout were made with these preparations, which their files say in words alone.
    private static string PixelsOf(string name) => name[SharedPrefix.Length..] switch
    {
        "07-gaussian" => "opencv-linear-256x256",
        "07-nearest-crop" => "opencv-linear-256x256-crop-224x224",
        "quadra-gaussian" => "opencv-cubic-224x224",
        _ => "antialiased-256x256",
    };

    private static (TemporaryFolder?, string) RunExporters()
    {
        var folder = new TemporaryFolder();
        try
        {
            RunPython(System.IO.Path.Combine(Exporters, "export_models.py"), Photos, folder[""]);
            return (folder, "");
        }
        catch (InvalidOperationException e) when (e.Message.Contains("ModuleNotFoundError", StringComparison.Ordinal))
        {
            folder.Dispose();
            return (null, $"Real exporters need python3-torch, python3-opencv and python3-pil: {e.Message.Trim().Split('\n')[^1]}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            folder.Dispose();
            return (null, "There is no Python on this machine.");
        }
    }

    /// <summary>Runs a script to its end.</summary>
    /// <exception cref="InvalidOperationException">It fails; the message is what it says.</exception>
    public static void RunPython(string script, params string[] arguments)
    {
        // Debian's packages belong to its own interpreter, whatever else is first on the path.
        string python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        using Process process = Process.Start(new ProcessStartInfo(python, ["-B", script, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{script} failed after '{output.Result.Trim().Split('\n')[^1]}': {errors}");
    }

    [GeneratedRegex("""^    "([\w-]+)": Case\(""", RegexOptions.Multiline)]
    private static partial Regex CaseName();

    private sealed record ExpectedFile(string? Pixels, ExpectedScores Photos);
}

/// <summary>
/// What PyTorch gives for the photos, in raw units. The effective thresholds are where the model's own label, or its caller, decides; null
/// where nothing does.
/// </summary>
internal sealed record ExpectedScores(
    double ImageThreshold, double PixelThreshold, double ImageRange, double? EffectiveImageThreshold, double? EffectivePixelThreshold,
    ExpectedScores.Row[] Rows)
{
    /// <summary>One photo; what was prepared is the normalised tensor at row 100, column 100.</summary>
    internal sealed record Row(
        string File, float[] Prepared, float PreparedMean, float RawScore, float? RawMapMaximum, float? RawMapMean,
        [property: JsonPropertyName("raw_map_at_100_100")] float? RawMapAt100, bool Anomalous);
}
