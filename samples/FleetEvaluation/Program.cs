// A test set, evaluated by a cluster of silos and by this process alone: the same bits, also if a silo is killed on the way. Then the
// stations of a plant, watched for drift.
using System.CommandLine;
using System.Globalization;
using Fleet;
using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Orleans;
using VisualInspection;

Option<int> silos = CommandLine.Number(
    "--silos", "The number of silos, each a process; this one is the first.", byDefault: 2, lowest: 1, highest: 16);
Option<bool> killOne = new("--kill-one") { Description = "Kill one of the other silos while it works." };
Option<string?> output = CommandLine.Folder(
    "--output", "Where to write; made if need be.", byDefault: Path.Combine("artifacts", "FleetEvaluation"));

// The port of the first silo, for a process that this program starts to be another one.
Option<int> join = CommandLine.Number("--join", "", byDefault: 0, lowest: 1, highest: ushort.MaxValue);
join.Hidden = true;
var command = new RootCommand("Evaluates a test set by a cluster of silos and by this process alone, and watches the stations of a plant.")
{
    silos, killOne, output, join,
};
command.Validators.Add(given =>
{
    if (given.GetValue(killOne) && given.GetValue(silos) == 1)
        given.AddError("--kill-one needs --silos 2 or more: the first silo is this process.");
});

using var end = new EndSignal();
command.SetAction(async (given, _) =>
{
    string folder = Path.GetFullPath(given.GetValue(output)!);
    if (given.GetValue(join) is > 0 and var firstPort)
        await LocalCluster.Join(firstPort, folder, end.Token);
    else
        await Run(given.GetValue(silos), given.GetValue(killOne), folder, end.Token);
});
try
{
    return await command.RunAsync(args);
}
catch (OperationCanceledException) when (end.Token.IsCancellationRequested)
{
    Console.Error.WriteLine("Ended before it was done.");
    return end.ExitCode;
}
catch (Exception e) when (e is InvalidDataException or IOException or TimeoutException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static async Task Run(int silos, bool killOne, string output, CancellationToken end)
{
    const int ImagesPerShard = 2;
    (string model, _) = DrawnModel.Train(output);
    string tests = Path.Combine(output, "drawn", "test");
    ShardImage[] images = [.. Directory.GetDirectories(tests).Order(StringComparer.Ordinal).SelectMany(ShardImage.InFolder)];
    EvaluationShard[] shards =
        [.. images.Chunk(ImagesPerShard).Select((part, i) => EvaluationShard.Images($"shard {i}", part, inputColumnName: nameof(Row.Path)))];
    var options = new AnomalyEvaluationOptions { MaskColumnName = nameof(Row.Mask), ResizeMasks = true };

    end.ThrowIfCancellationRequested();
    await using LocalCluster cluster = await LocalCluster.Start(silos, Path.Combine(output, "stations"), end);
    Console.WriteLine($"Started {silos} silos");
    FleetEvaluation fleet;
    using (var progress = new FleetProgressLine(silos, killOne, cluster, shards.Length))
        fleet = await cluster.Client.EvaluateNormalizedAsync(model, shards, options, progress, TimeSpan.FromMinutes(10), end);
    foreach ((string silo, int count) in fleet.ShardsBySilo.OrderBy(silo => silo.Key, StringComparer.Ordinal))
        Console.WriteLine($"  {silo} evaluated {count} of {shards.Length} shards");
    foreach (ShardFailure failure in fleet.Failures)
        Console.WriteLine($"  {failure.Shard} failed: {failure.Reason}");

    end.ThrowIfCancellationRequested();
    AnomalyEvaluation alone = Alone(model, images, options);
    Compare(fleet.Evaluation, alone);
    if (!fleet.IsComplete || fleet.Evaluation != alone)
        throw new InvalidOperationException("The cluster and the single process don't agree.");
    Console.WriteLine("The same bits.");

    await Stations.Watch(cluster.Client, end);
}

static AnomalyEvaluation Alone(string modelPath, ShardImage[] images, AnomalyEvaluationOptions options)
{
    var mlContext = new MLContext(seed: 0);
    IDataView rows = mlContext.Data.LoadFromEnumerable(
        images.Select(image => new Row { Path = image.Path, Label = image.IsAnomalous == true, Mask = image.MaskPath ?? "" }));
    IDataView data = mlContext.Transforms.LoadImages(nameof(Row.Mask), imageFolder: "").Fit(rows).Transform(rows);
    ITransformer model = mlContext.Model.LoadAnomalyModel(modelPath, out _);
    return mlContext.AnomalyDetection.EvaluateNormalized(model.Transform(data), options);
}

static void Compare(AnomalyEvaluation fleet, AnomalyEvaluation alone)
{
    Console.WriteLine();
    Console.WriteLine($"{"",-18}{"the cluster",22}{"this process alone",22}");
    Line("Image AUROC", evaluation => evaluation.Image!.AreaUnderRocCurve);
    Line("Image F1 at 100", evaluation => evaluation.Image!.F1Score);
    Line("Pixel AUROC", evaluation => evaluation.Pixel!.AreaUnderRocCurve);
    Line("Pixel AP", evaluation => evaluation.Pixel!.AreaUnderPrecisionRecallCurve);
    Line("AUPRO", evaluation => evaluation.Pixel!.AreaUnderPerRegionOverlap);
    Line("AUPIMO", evaluation => evaluation.Pixel!.AreaUnderPerImageOverlap);

    void Line(string name, Func<AnomalyEvaluation, double> value) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{name,-18}{value(fleet),22:R}{value(alone),22:R}"));
}

internal sealed class Row
{
    public string Path { get; set; } = "";

    public bool Label { get; set; }

    public string Mask { get; set; } = "";
}
