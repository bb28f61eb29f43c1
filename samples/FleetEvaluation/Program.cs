// A test set, evaluated by a cluster of silos and by this process alone: the same bits, also if a silo is killed on the way. Then the
// stations of a plant, watched for drift.
using System.Globalization;
using Fleet;
using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Orleans;
using VisualInspection;

using var end = new EndSignal();
try
{
    FleetArguments arguments = FleetArguments.Parse(args);
    if (arguments.Join is { } firstPort)
        await LocalCluster.Join(firstPort, arguments.Output, end.Token);
    else
        await Run(arguments, end.Token);
    return 0;
}
catch (OperationCanceledException) when (end.Token.IsCancellationRequested)
{
    Console.Error.WriteLine("Ended before it was done.");
    return end.ExitCode;
}
catch (Exception e) when (e is InputException or InvalidDataException or IOException or TimeoutException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static async Task Run(FleetArguments arguments, CancellationToken end)
{
    const int ImagesPerShard = 2;
    (string model, _) = DrawnModel.Train(arguments.Output);
    string tests = Path.Combine(arguments.Output, "drawn", "test");
    ShardImage[] images = [.. Directory.GetDirectories(tests).Order(StringComparer.Ordinal).SelectMany(ShardImage.InFolder)];
    EvaluationShard[] shards =
        [.. images.Chunk(ImagesPerShard).Select((part, i) => EvaluationShard.Images($"shard {i}", part, inputColumnName: nameof(Row.Path)))];
    var options = new AnomalyEvaluationOptions { MaskColumnName = nameof(Row.Mask), ResizeMasks = true };

    end.ThrowIfCancellationRequested();
    await using LocalCluster cluster = await LocalCluster.Start(arguments.Silos, Path.Combine(arguments.Output, "stations"), end);
    Console.WriteLine($"Started {arguments.Silos} silos");
    FleetEvaluation fleet;
    using (var progress = new FleetProgressLine(arguments, cluster, shards.Length))
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
