using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Models;
using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Onnx.Scoring;
using MLNet.AnomalyNormalization.Thresholds;
using MLNet.AnomalyNormalization.Vision.Graph;

namespace MLNet.AnomalyNormalization.Vision.Training;

/// <summary>
/// One training. The photos are read three times at most: to describe them, to score them by models that have not seen them and, where the
/// size has to be found out or labels checked, before.
/// </summary>
internal sealed class PatchCoreTraining
{
    // Fewer say little of a deviation (mean + 3 of 10 photos missed 12 defects of 12, the highest score none), and each of them counts.
    private const int FewPhotos = 20;

    private const int DefaultFolds = 5;

    // What rounding to multiples of 16 does to the shorter side.
    private const double SameProportions = 0.05;

    private readonly PatchCoreOptions _options;
    private readonly IDataView _data;
    private readonly DataViewSchema.Column _column;
    private readonly PatchCoreGraph _graph;
    private readonly (int Height, int Width) _first;
    private readonly int? _count;

    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="InvalidDataException">The network can't be used.</exception>
    /// <exception cref="InvalidOperationException">There is no photo, or rows are anomalous.</exception>
    public PatchCoreTraining(PatchCoreOptions options, IDataView data)
    {
        (_options, _data) = (options, data);
        _column = ScoringColumn.Find(data.Schema, options.ImageColumnName);
        RefuseAnomalies();
        _first = SizeOfFirst();
        (int height, int width) = options is { Height: { } givenHeight, Width: { } givenWidth } ? (givenHeight, givenWidth) : SizeOfInput();
        Backbone backbone = options.Backbone is { } other ? Backbone.Open(other) : Backbone.Embedded();
        _graph = new(backbone, height, width, options.Area);
        if (options.IgnoreMask is { } mask)
            _graph = new(backbone, height, width, options.Area) { IsIgnored = Ignored(mask, _graph.Grid, options.Area) };
        _count = (int?)data.GetRowCount();
    }

    public TrainedPatchCore Run()
    {
        PhotoFeatures features = Describe();
        (int[] foldOf, IReadOnlyList<IReadOnlyList<int>> duplicates) = Divide(features);
        PatchBank[] banks = Choose(features, foldOf);
        (float[] scores, float[] pixels) = ScoreHeldOut(banks, foldOf);
        ThresholdStrategy strategy = _options.ThresholdStrategy ?? (scores.Length < FewPhotos
            ? ThresholdStrategy.FalseAlarms(0)
            : ThresholdStrategy.MeanPlusDeviations(3));
        var isAnomalous = new bool[scores.Length];
        ThresholdFit image = strategy.Fit(scores, isAnomalous);
        ThresholdFit pixel = strategy.Fit(pixels, isAnomalous);

        ModelProto model = _graph.ForScoring(banks[^1], _options.ReweightScore);
        ModelMetadata.WriteThresholds(model, new AnomalyThresholds(image.Threshold, pixel.Threshold));
        return new(model, image, pixel, duplicates, banks[^1].Count);
    }

    private void RefuseAnomalies()
    {
        if (_options.LabelColumnName is not { } name || _data.Schema.GetColumnOrNull(name) is null)
            return;

        var columns = new AnomalyColumns(_data.Schema, score: null, label: name);
        using DataViewRowCursor cursor = _data.GetRowCursor(columns.All);
        var row = new AnomalyRow(columns, cursor);
        (int count, int anomalous) = (0, 0);
        for (; cursor.MoveNext(); count++)
            anomalous += row.ReadLabel() == false ? 0 : 1;
        if (anomalous > 0)
        {
            throw new InvalidOperationException(
                $"{anomalous} of {count} rows are not labelled good in column '{name}'. PatchCore learns from good photos alone: "
                + "filter the others out, or set LabelColumnName to null if the column means something else.");
        }
    }

    private (int Height, int Width) SizeOfFirst()
    {
        using DataViewRowCursor cursor = _data.GetRowCursor([_column]);
        return cursor.MoveNext()
            ? new PictureColumn(cursor, _column, ImageLibrary.Torchvision).ReadSize()
            : throw new InvalidOperationException($"Column '{_column.Name}' has no photos. Training needs at least 2 good ones.");
    }

    private (int Height, int Width) SizeOfInput()
    {
        (double height, double width) = (_first.Height * _options.Area.Height, _first.Width * _options.Area.Width);
        double scale = _options.ShorterSide / Math.Min(height, width);
        return (Side(height), Side(width));

        int Side(double length) => (int)Math.Round(length * scale / PatchCoreTrainer.SideFactor) * PatchCoreTrainer.SideFactor;
    }

    private static bool[] Ignored(MLImage mask, PatchGrid grid, PictureArea area)
    {
        byte[] pixels;
        try
        {
            pixels = ImageMask.Defects(mask.Pixels, new MaskRules());
        }
        catch (FormatException e)
        {
            throw new InvalidOperationException(
                "IgnoreMask is not black, but no pixel of it is half bright or, if it has any transparency, half opaque. Bring its values "
                + "from 0 and 1 to 0 and 255.", e);
        }

        byte[] middles = ImageMask.Resize(pixels, (mask.Height, mask.Width), (grid.Height, grid.Width), area);
        bool[] ignored = Array.ConvertAll(middles, pixel => pixel != 0);
        return ignored.Contains(false)
            ? ignored
            : throw new InvalidOperationException($"IgnoreMask ignores all {grid.Count} patches of a photo. Leave some.");
    }

    private IEnumerable<RgbPicture> Photos()
    {
        using DataViewRowCursor cursor = _data.GetRowCursor([_column]);
        var pictures = new PictureColumn(cursor, _column, ImageLibrary.Torchvision);
        while (cursor.MoveNext())
        {
            _options.CancellationToken.ThrowIfCancellationRequested();
            RgbPicture photo = pictures.Read();
            if (Problem(photo) is { } problem)
            {
                string name = pictures.Path is { } path ? $" '{path}'" : "";
                throw AnomalyRow.Invalid(_column, cursor.Position, $"the photo{name} is {photo.Height} x {photo.Width} pixels{problem}");
            }

            yield return photo;
        }
    }

    private string? Problem(RgbPicture photo)
    {
        if (Math.Min(photo.Height, photo.Width) < PatchMap.SmallestSide)
            return $"; expected at least {PatchMap.SmallestSide} each way, less than which the network can't see. Leave it out";

        double proportions = (double)photo.Height * _first.Width / ((double)photo.Width * _first.Height);
        return _options.Height is null && Math.Abs(Math.Log(proportions)) > SameProportions
            ? $", the first one {_first.Height} x {_first.Width}: they have other proportions. "
                + "Set Height and Width to the size that all are to be brought to, or sort the photos"
            : null;
    }

    private PhotoFeatures Describe()
    {
        var features = new PhotoFeatures(_graph.Grid, _graph.IsIgnored, PatchSample.Limit, _options.Seed);
        float[] projection = RandomProjection.Matrix(_graph.Grid.Channels, _options.Seed);
        using var session = new GraphSession(_graph.ForTraining(projection), _options.GpuDeviceId);
        foreach (RgbPicture photo in Photos())
        {
            session.Run(photo, outputs =>
            {
                features.Add(outputs[0].GetTensorDataAsSpan<float>(), outputs[1].GetTensorDataAsSpan<float>());
                return true;
            });
            Report(PatchCoreStage.Features, features.Summaries.Count, _count);
        }

        PatchSample patches = features.Patches;
        if (patches.Seen > patches.Features.Count)
        {
            _options.Log?.Invoke(string.Create(CultureInfo.InvariantCulture,
                $"The model is chosen from a sample of {patches.Features.Count} of {patches.Seen} patches."));
        }

        return features;
    }

    private (int[] FoldOf, IReadOnlyList<IReadOnlyList<int>> NearDuplicates) Divide(PhotoFeatures features)
    {
        const string Needed = "Training needs at least 2 photos that differ: the thresholds come from photos that a model has not seen.";
        int count = features.Summaries.Count;
        if (count < 2)
            throw new InvalidOperationException($"Column '{_column.Name}' has 1 photo. {Needed}");

        long[]? groups = _options.GroupColumnName is { } name ? CrossFitting.ReadGroups(_data, name, out _) : null;
        (int[] groupOf, IReadOnlyList<IReadOnlyList<int>> duplicates) = NearDuplicates.Find(features.Summaries, groups);
        int groupCount = groupOf.Distinct().Count();
        if (groupCount < 2)
            throw new InvalidOperationException($"The {count} photos are all of one group, or the same photo. {Needed}");

        foreach (IReadOnlyList<int> group in duplicates)
            _options.Log?.Invoke($"Near-duplicate photos, kept in one fold: {Named(group)}.");
        int folds = Math.Min(groupCount, _options.Folds ?? (count < FewPhotos ? count : DefaultFolds));
        return (Folds.Assign(groupOf, folds, _options.Seed), duplicates);
    }

    // A file is found by its name, an image by its place alone.
    private string Named(IReadOnlyList<int> rows)
    {
        if (_column.Type is not TextDataViewType)
            return $"rows {string.Join(", ", rows)}";

        string[] paths = [.. _data.GetColumn<string>(_column)];
        return string.Join(", ", rows.Select(row => $"'{paths[row]}'"));
    }

    // One for each fold, of the photos that are not in it, and the last one of all photos.
    private PatchBank[] Choose(PhotoFeatures features, int[] foldOf)
    {
        PatchSample patches = features.Patches;
        int[][] rows = [.. Enumerable.Range(0, foldOf.Max() + 2).Select(fold => patches.RowsOf(photo => foldOf[photo] != fold))];
        int[] sizes = Array.ConvertAll(rows, available =>
        {
            double share = _options.BankShare * patches.Seen * available.Length / patches.Features.Count;
            return Math.Min(available.Length, (int)Math.Clamp(share, _options.SmallestBank, _options.LargestBank));
        });
        int done = 0;
        var banks = new PatchBank[rows.Length];
        Parallel.For(0, rows.Length, new() { CancellationToken = _options.CancellationToken }, bank =>
        {
            int[] chosen = GreedyCoreset.Choose(patches.Projections, rows[bank], sizes[bank], Report, _options.CancellationToken);
            banks[bank] = new(patches.Features, chosen);
        });
        return banks;

        void Report()
        {
            lock (patches)
                this.Report(PatchCoreStage.Bank, ++done, sizes.Sum());
        }
    }

    private (float[] Scores, float[] HighestPixels) ScoreHeldOut(PatchBank[] banks, int[] foldOf)
    {
        GraphSession[] models = [.. banks.SkipLast(1)
            .Select(bank => new GraphSession(_graph.ForScoring(bank, _options.ReweightScore), _options.GpuDeviceId))];
        try
        {
            (float Score, float HighestPixel)[] results = [.. Photos().Select((photo, i) =>
            {
                (float, float) result = models[foldOf[i]].Run(photo, outputs => (
                    outputs[0].GetTensorDataAsSpan<float>()[0],
                    TensorPrimitives.Max(outputs[1].GetTensorDataAsSpan<float>())));
                Report(PatchCoreStage.Thresholds, i + 1, foldOf.Length);
                return result;
            })];
            return ([.. results.Select(result => result.Score)], [.. results.Select(result => result.HighestPixel)]);
        }
        finally
        {
            Array.ForEach(models, model => model.Dispose());
        }
    }

    private void Report(PatchCoreStage stage, int done, int? total) => _options.Progress?.Report(new(stage, done, total));
}
