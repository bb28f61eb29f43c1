using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Evaluation.State;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>One evaluation of a data view: reads it, drives the callbacks, and fills the evaluators.</summary>
internal sealed class DataViewEvaluation
{
    private readonly IDataView _data;
    private readonly AnomalyEvaluationOptions _options;
    private readonly AnomalyColumns _columns;
    private readonly IProgress<long>? _progress;
    private long _rows;

    /// <param name="data">The data.</param>
    /// <param name="options">What to read, measure and call.</param>
    /// <param name="progress">Receives the number of rows so far.</param>
    /// <param name="isTest">Whether scores are compared with labels and masks; otherwise those aren't read.</param>
    public DataViewEvaluation(IDataView data, AnomalyEvaluationOptions options, IProgress<long>? progress, bool isTest = true)
    {
        Require(options);
        if (!isTest && options.ScoreColumnName is null)
            throw new ArgumentException("Without ScoreColumnName there is nothing to predict.", nameof(options));

        string? label = isTest ? options.LabelColumnName : null, mask = isTest ? options.MaskColumnName : null;
        bool needsMaps = mask is not null || (options.PassMaps && (options.Callbacks.Count > 0 || !isTest));
        (_data, _options, _progress) = (data, options, progress);
        _columns = new AnomalyColumns(data.Schema, options.ScoreColumnName, label,
            needsMaps ? options.MapColumnName : null, mask, options.BoxScoresColumnName,
            options.MapHeight is { } height && options.MapWidth is { } width ? (height, width) : null,
            options.IdColumnName, isTest ? options.GroupColumnName : null, isTest ? options.WeightColumnName : null)
        {
            Masks = Masks(options),
            NormalLabels = options.NormalLabels,
        };
    }

    /// <summary>Checks what can be checked of options without data.</summary>
    /// <exception cref="ArgumentException">The options leave nothing to evaluate, or contradict each other.</exception>
    public static void Require(AnomalyEvaluationOptions options)
    {
        _ = Masks(options);
        _ = PixelEvaluator.Require(options.Pixel);
        RequireThreshold(options.ImageThreshold, nameof(options.ImageThreshold), threshold => ThresholdCurve.RequireThreshold(threshold));
        RequireThreshold(options.PixelThreshold, nameof(options.PixelThreshold), threshold => PixelEvaluator.RequireThreshold(options.Pixel, threshold));
        if (options.ScoreColumnName is null && (options.MaskColumnName is null || options.Callbacks.Count > 0))
        {
            throw new ArgumentException(
                "Without ScoreColumnName there must be a MaskColumnName, to have something to evaluate, and no callbacks, which need scores.",
                nameof(options));
        }

        if (options.MapHeight is null != options.MapWidth is null)
        {
            throw new ArgumentException(
                $"MapHeight is '{options.MapHeight}' and MapWidth '{options.MapWidth}'. Set both or none.",
                nameof(options));
        }
    }

    public AnomalyEvaluation Run(CancellationToken cancellationToken)
    {
        TestThreshold? image = _columns.Score is null ? null : new(threshold => ThresholdCurve.RequireThreshold(threshold));
        TestThreshold? pixel = _columns.Mask is null ? null : new(threshold => PixelEvaluator.RequireThreshold(_options.Pixel, threshold));
        foreach (AnomalyEvaluationCallback callback in _options.Callbacks)
            callback.OnTestStart(image, pixel);

        AnomalyEvaluation evaluation = Read(_options.Threads, cancellationToken)
            .Compute(_options, image?.Value, pixel?.Value, cancellationToken);
        foreach (AnomalyEvaluationCallback callback in _options.Callbacks)
            callback.OnTestEnd(evaluation);
        return evaluation;
    }

    /// <summary>Reads batch after batch and drives the callbacks, without labels and metrics.</summary>
    public IEnumerable<AnomalyBatch> Predict(CancellationToken cancellationToken)
    {
        using DataViewRowCursor cursor = _data.GetRowCursor(_columns.All);
        var row = new AnomalyRow(_columns, cursor);
        var rows = new List<EvaluatedRow>(_options.BatchSize);
        bool isMore = true;
        while (isMore)
        {
            while (rows.Count < _options.BatchSize && (isMore = cursor.MoveNext()))
            {
                cancellationToken.ThrowIfCancellationRequested();
                rows.Add(ReadRow(row, cursor));
            }

            if (rows.Count == 0)
                break;

            AnomalyBatch batch = Batch(rows);
            foreach (AnomalyEvaluationCallback callback in _options.Callbacks)
                callback.OnPredictBatchEnd(batch);
            rows.Clear();
            yield return batch;
        }
    }

    /// <summary>Reads all rows with so many cursors, and computes nothing yet.</summary>
    public EvaluationPart Read(int threads, CancellationToken cancellationToken)
    {
        bool hasCallbacks = _options.Callbacks.Count > 0;
        EvaluationPart[] parts = CursorSet.Read(_data, _columns.All, hasCallbacks ? 1 : threads,
            (cursor, token) => Read(cursor, hasCallbacks ? _options.BatchSize : 1, _progress, token),
            cursor => Read(cursor, 1, progress: null, cancellationToken),
            cancellationToken);
        foreach (EvaluationPart more in parts.AsSpan(1))
            parts[0].Merge(more);
        return parts[0];
    }

    private EvaluationPart Read(DataViewRowCursor cursor, int batchSize, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var part = new EvaluationPart(_options)
        {
            ImageDecision = DecisionOf(_columns.Score),
            PixelDecision = DecisionOf(_columns.Map),
            ReviewBand = _columns.Score is { } score ? ColumnAnnotations.BandOf(score) : null,
        };
        var row = new AnomalyRow(_columns, cursor);
        var batch = new List<EvaluatedRow>(batchSize);
        while (cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            batch.Add(ReadRow(row, cursor));
            if (batch.Count == batchSize)
                Finish();
        }

        if (batch.Count > 0)
            Finish();
        return part;

        void Finish()
        {
            Evaluate(batch, part);
            progress?.Report(Interlocked.Add(ref _rows, batch.Count));
            batch.Clear();
        }
    }

    private static double? DecisionOf(DataViewSchema.Column? column)
        => column is { } present ? ColumnAnnotations.NormalizerOf(present)?.Decision.Normalized : null;

    private static MaskRules Masks(AnomalyEvaluationOptions options) => new()
    {
        Resize = options.ResizeMasks,
        Threshold = options.MaskThreshold,
        Ignored = options.IgnoredMaskValue ?? (options.ValidArea is null ? null : options.Pixel.IgnoredMaskValue),
        Area = options.InspectedArea,
        ValidArea = options.ValidArea,
    };

    private static void RequireThreshold(double? threshold, string name, Action<double> require)
    {
        try
        {
            if (threshold is { } given)
                require(given);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new ArgumentOutOfRangeException(name, threshold, e.Message);
        }
    }

    private EvaluatedRow ReadRow(AnomalyRow row, DataViewRowCursor cursor)
    {
        bool? isAnomalous = row.ReadLabel();
        AnomalyMap? map = null;
        byte[]? mask = null;
        if (_columns.Map is not null)
        {
            float[] values = row.ReadMap().ToArray();
            mask = _columns.Mask is not null && row.TryReadMask(values.Length, isAnomalous, out ReadOnlySpan<byte> defects)
                ? defects.ToArray()
                : null;
            (int height, int width) = row.SizeOf(values.Length);
            map = new AnomalyMap(values, height, width);
        }

        return new(cursor.Position, cursor.Batch, _columns.Score is null ? 0 : row.ReadScore(), isAnomalous, map, mask,
            _columns.BoxScores is null ? null : row.ReadBoxScores().ToArray(), row.ReadId(), row.ReadGroup(), row.ReadWeight());
    }

    private AnomalyBatch Batch(List<EvaluatedRow> rows) => new([.. rows.Select(row => AnomalyRow.RoundDown(row.Score))])
    {
        Maps = _columns.Map is null ? null : [.. rows.Select(row => row.Map!)],
        BoxScores = _columns.BoxScores is null ? null : [.. rows.Select(row => row.BoxScores!)],
        RowNumbers = [.. rows.Select(row => row.Position)],
        Ids = _columns.Id is null ? null : [.. rows.Select(row => row.Id!)],
        Labels = _columns.Label is null ? null : [.. rows.Select(row => row.IsAnomalous)],
    };

    private void Evaluate(List<EvaluatedRow> rows, EvaluationPart part)
    {
        AnomalyBatch batch = Batch(rows);
        foreach (AnomalyEvaluationCallback callback in _options.Callbacks)
            callback.OnTestBatchEnd(batch);

        for (int i = 0; i < rows.Count; i++)
        {
            Add(rows[i], i, part);
            if (rows[i].Group is { } group)
                Add(rows[i], i, part.OfGroup(group, _options));
        }

        void Add(EvaluatedRow row, int i, EvaluationPart part)
        {
            if (_columns.Score is not null)
            {
                RequireNumbers(_columns.Score, [batch.Scores[i]], row.Position);
                if (AnomalyColumns.ItemOf(_columns.Score.Value.Type) == NumberDataViewType.Double)
                    part.Images.Add(batch.Scores[i] == AnomalyRow.RoundDown(row.Score) ? row.Score : batch.Scores[i], row.IsAnomalous, row.Weight);
                else
                    part.Images.Add(batch.Scores[i], row.IsAnomalous, row.Weight);
            }

            part.AddRow(row.Batch, row.Mask is not null);
            if (row.Mask is { } mask)
            {
                AnomalyMap map = batch.Maps![i];
                RequireNumbers(_columns.Map, map.Values, row.Position);
                part.Pixels!.Add(map.Values, mask, map.Height, map.Width);
            }
        }

        void RequireNumbers(DataViewSchema.Column? column, ReadOnlySpan<float> scores, long position)
        {
            if (!_options.CountNaNAsAnomalous && NaNs.IndexIn(scores) is >= 0 and int index)
            {
                throw AnomalyRow.Invalid(column, position,
                    $"the score{(scores.Length == 1 ? "" : $" at index {index}")} is NaN. Find out why the model gave it, or set CountNaNAsAnomalous");
            }
        }
    }

    private sealed record EvaluatedRow(
        long Position, long Batch, double Score, bool? IsAnomalous, AnomalyMap? Map, byte[]? Mask, float[]? BoxScores, string? Id,
        string? Group, int Weight);

    private sealed class TestThreshold(Action<double> require) : IThresholdMetrics
    {
        public double? Value { get; private set; }

        public void SetThreshold(double threshold)
        {
            require(threshold);
            Value = threshold;
        }
    }
}
