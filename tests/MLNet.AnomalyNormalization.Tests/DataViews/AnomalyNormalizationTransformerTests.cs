using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class AnomalyNormalizationTransformerTests
{
    private static readonly AnomalyThresholds Thresholds = new(Image: 1.24, Pixel: 0.7);
    private static readonly string[] Outputs = ["PredictedLabel", "NormalizedScore", "NormalizedMap", "NormalizedBoxScores"];

    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    [DataRow(1.24, DisplayName = "0 is normalised to 0: sparse stays sparse")]
    [DataRow(0, DisplayName = "0 is normalised to 100: sparse becomes dense")]
    [DataRow(-0.5, DisplayName = "0 is normalised to 200: sparse becomes dense")]
    public void Sparse_and_dense_vectors_of_known_and_variable_size_give_the_kernels_bits(double threshold)
    {
        CheckSparse<float>(threshold, [1.5f, float.NaN, 1.24f], NumberDataViewType.Single);
        CheckSparse<double>(threshold, [1.5, double.NaN, Math.BitDecrement(1.24)], NumberDataViewType.Double);

        void CheckSparse<T>(double threshold, T[] values, NumberDataViewType itemType)
            where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
        {
            var normalizer = new ScoreNormalizer(threshold);
            VBuffer<T>[] vectors = [new(7, 3, values, [1, 4, 6]), new(3, values), new(7, 0, [], []), new(0, [])];
            foreach (bool known in (bool[])[true, false])
            {
                VBuffer<T>[] rows = known ? [vectors[0], vectors[2]] : vectors;
                var input = new VectorView<T>(new VectorDataViewType(itemType, known ? 7 : 0), rows);
                IDataView output = _mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(threshold, threshold), new() { ScoreColumnName = "Values" })
                    .Fit(input).Transform(input);
                bool[] density = [.. output.GetColumn<VBuffer<T>>("NormalizedScore").Select(vector => vector.IsDense)];
                T[][] normalized = [.. output.GetColumn<T[]>("NormalizedScore")];
                bool[][] labels = [.. output.GetColumn<bool[]>("PredictedLabel")];
                for (int i = 0; i < rows.Length; i++)
                {
                    T[] dense = [.. rows[i].DenseValues()];
                    Same.Bits<T>(Array.ConvertAll(dense, normalizer.Normalize), normalized[i]);
                    CollectionAssert.AreEqual(Array.ConvertAll(dense, normalizer.IsAnomalous), labels[i]);
                    Assert.AreEqual(rows[i].IsDense || threshold <= 0, density[i], "density");
                }
            }
        }
    }

    [TestMethod]
    public void Memory_that_a_source_shares_is_never_written()
    {
        float[] shared = [1, 2, 3];
        var input = new VectorView<float>(new VectorDataViewType(NumberDataViewType.Single, 3), [new(3, shared), new(3, shared)]);
        IDataView output = _mlContext.Transforms.NormalizeAnomalyScore("Values", null, 0.5).Fit(input).Transform(input);
        foreach (float[] row in output.GetColumn<float[]>("Values"))
            CollectionAssert.AreEqual(new float[] { 200, 400, 600 }, row);
        CollectionAssert.AreEqual(new float[] { 1, 2, 3 }, shared);
    }

    [TestMethod]
    public void The_shape_of_a_map_and_slot_names_stay()
    {
        IDataView data = Rows.View(_mlContext, 3);
        DataViewSchema schema = Fit(data).GetOutputSchema(data.Schema);
        Assert.AreEqual(data.Schema["AnomalyMap"].Type, schema["NormalizedMap"].Type);
        CollectionAssert.AreEqual(new[] { 1, 1, 2, 3 }, ((VectorDataViewType)schema["NormalizedMap"].Type).Dimensions.ToArray());
        Assert.IsFalse(((VectorDataViewType)schema["NormalizedBoxScores"].Type).IsKnownSize);

        IDataView named = _mlContext.Transforms.Concatenate("Both", "Score", "Score").Fit(data).Transform(data);
        DataViewSchema output = _mlContext.Transforms.NormalizeAnomaly(Thresholds, new() { ScoreColumnName = "Both" }).Fit(named).GetOutputSchema(named.Schema);
        foreach (string column in (string[])["NormalizedScore", "PredictedLabel"])
        {
            VBuffer<ReadOnlyMemory<char>> slots = default;
            output[column].GetSlotNames(ref slots);
            CollectionAssert.AreEqual(new[] { "Score", "Score" }, slots.DenseValues().Select(name => name.ToString()).ToArray());
        }
    }

    [TestMethod]
    public void An_existing_name_is_hidden_where_stock_transformers_hide_it()
    {
        IDataView data = Rows.View(_mlContext, 3);
        IDataView twice = _mlContext.Transforms.CopyColumns("Score", "Score").Fit(data).Transform(data);
        foreach (IDataView input in (IDataView[])[data, twice])
        {
            var transformer = _mlContext.Transforms.NormalizeAnomaly(Thresholds, new() { NormalizedScoreColumnName = "Score", PredictedLabelColumnName = "Label" })
                .Fit(input);
            CollectionAssert.AreEqual(Describe(transformer.Portable.GetOutputSchema(input.Schema)), Describe(transformer.GetOutputSchema(input.Schema)));
            Rows.AssertSame(transformer.Portable.Transform(input), transformer.Transform(input), "Score");
            Rows.AssertSame(transformer.Portable.Transform(input), transformer.Transform(input), "Label");
        }

        static string[] Describe(DataViewSchema schema) => [.. schema.Select(column => $"{column.Name} {column.IsHidden} {column.Type.RawType}")];
    }

    [TestMethod]
    public void A_pipeline_that_asks_for_the_score_alone_never_reads_the_map()
    {
        var input = new VectorView<float>(new VectorDataViewType(NumberDataViewType.Single, 3), [new(3, [1f, 2, 3])]);
        IDataView scored = _mlContext.Transforms.CopyColumns("Map", "Values").Fit(input).Transform(input);
        IDataView output = _mlContext.Transforms.NormalizeAnomaly(Thresholds, new() { ScoreColumnName = "Number", MapColumnName = "Map" })
            .Fit(scored).Transform(scored);

        Assert.AreEqual(1, output.GetColumn<float>("NormalizedScore").Count());
        Assert.AreEqual(0, input.VectorsRead);
        Assert.AreEqual(1, output.GetColumn<float[]>("NormalizedMap").Count());
        Assert.AreEqual(1, input.VectorsRead);
    }

    [TestMethod]
    public void Dependencies_are_the_inputs_of_what_is_active()
    {
        IDataView data = Rows.View(_mlContext, 3);
        IRowToRowMapper mapper = Fit(data).GetRowToRowMapper(data.Schema);
        CollectionAssert.AreEqual(new[] { "Score" }, Needs("NormalizedScore", "PredictedLabel"));
        CollectionAssert.AreEqual(new[] { "AnomalyMap", "Label" }, Needs("NormalizedMap", "Label"));
        CollectionAssert.AreEqual(Array.Empty<string>(), Needs());

        string[] Needs(params string[] names)
            => [.. mapper.GetDependencies(names.Select(name => mapper.OutputSchema[name])).Select(column => column.Name)];
    }

    [TestMethod]
    public void Parallel_cursors_deliver_every_row_once_with_the_same_bits()
    {
        Row[] rows = Rows.Make(5000);
        IDataView output = Transform(_mlContext.Data.Cache(_mlContext.Data.LoadFromEnumerable(rows)));
        DataViewSchema.Column[] columns = [output.Schema["NormalizedScore"], output.Schema["NormalizedMap"]];
        var normalizer = new ScoreNormalizer(1.24);

        DataViewRowCursor[] cursors = output.GetRowCursorSet(columns, 4);
        var found = new System.Collections.Concurrent.ConcurrentDictionary<long, bool>();
        Parallel.ForEach(cursors, cursor =>
        {
            using (cursor)
            {
                ValueGetter<float> score = cursor.GetGetter<float>(columns[0]);
                ValueGetter<VBuffer<float>> map = cursor.GetGetter<VBuffer<float>>(columns[1]);
                ValueGetter<DataViewRowId> id = cursor.GetIdGetter();
                float value = 0;
                VBuffer<float> values = default;
                DataViewRowId rowId = default;
                while (cursor.MoveNext())
                {
                    id(ref rowId);
                    score(ref value);
                    map(ref values);
                    long row = (long)rowId.Low;
                    Assert.IsTrue(Same.Bits(normalizer.Normalize(rows[row].Score), value));
                    Assert.IsTrue(found.TryAdd(row, true));
                }
            }
        });
        Assert.HasCount(5000, found);
    }

    [TestMethod]
    public void Cursors_side_by_side_do_not_disturb_each_other()
    {
        Row[] rows = Rows.Make(50);
        IDataView output = Transform(_mlContext.Data.LoadFromEnumerable(rows));
        DataViewSchema.Column column = output.Schema["NormalizedMap"];
        using DataViewRowCursor first = output.GetRowCursor([column]);
        using DataViewRowCursor second = output.GetRowCursor([column]);
        ValueGetter<VBuffer<float>> getFirst = first.GetGetter<VBuffer<float>>(column);
        ValueGetter<VBuffer<float>> getSecond = second.GetGetter<VBuffer<float>>(column);
        second.MoveNext();
        VBuffer<float> left = default;
        VBuffer<float> right = default;
        var pixel = new ScoreNormalizer(0.7);
        for (int i = 0; i < 49; i++)
        {
            first.MoveNext();
            second.MoveNext();
            getSecond(ref right);
            getFirst(ref left);
            Same.Bits<float>(Array.ConvertAll(rows[i].AnomalyMap, pixel.Normalize), left.GetValues());
            Same.Bits<float>(Array.ConvertAll(rows[i + 1].AnomalyMap, pixel.Normalize), right.GetValues());
            Assert.AreEqual(i, first.Position);
        }
    }

    [TestMethod]
    public void A_warm_cursor_allocates_nothing_per_row()
    {
        var input = new VectorView<float>(
            new VectorDataViewType(NumberDataViewType.Single, 1000), [.. Enumerable.Repeat(new VBuffer<float>(1000, new float[1000]), 2000)]);
        IDataView output = _mlContext.Transforms.NormalizeAnomaly(Thresholds, new() { ScoreColumnName = "Number", MapColumnName = "Values" })
            .Fit(input).Transform(input);
        using DataViewRowCursor cursor = output.GetRowCursor(output.Schema);
        ValueGetter<VBuffer<float>> getMap = cursor.GetGetter<VBuffer<float>>(output.Schema["NormalizedMap"]);
        ValueGetter<float> getScore = cursor.GetGetter<float>(output.Schema["NormalizedScore"]);
        ValueGetter<bool> getLabel = cursor.GetGetter<bool>(output.Schema["PredictedLabel"]);
        VBuffer<float> map = default;
        float score = 0;
        bool label = false;
        Read(1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Read(1000);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Read(int rows)
        {
            for (int i = 0; i < rows; i++)
            {
                cursor.MoveNext();
                getMap(ref map);
                getScore(ref score);
                getLabel(ref label);
            }
        }
    }

    [TestMethod]
    public void Shuffling_before_and_after_gives_the_same_rows()
    {
        IDataView data = Rows.View(_mlContext, 500);
        IDataView before = Transform(_mlContext.Data.ShuffleRows(data, seed: 3));
        IDataView after = _mlContext.Data.ShuffleRows(Transform(data), seed: 3);
        Assert.IsTrue(Transform(_mlContext.Data.Cache(data)).CanShuffle);
        foreach (string name in Outputs)
            Rows.AssertSame(before, after, name);
    }

    [TestMethod]
    public void Caches_and_cache_checkpoints_change_no_bit()
    {
        IDataView data = Rows.View(_mlContext, 300);
        IDataView plain = Transform(data);
        IDataView cachedBefore = Transform(_mlContext.Data.Cache(data));
        IDataView cachedAfter = _mlContext.Data.Cache(plain);
        IDataView checkpoint = _mlContext.Transforms.CopyColumns("Copy", "Score")
            .Append(_mlContext.Transforms.NormalizeAnomaly(Thresholds, Rows.AllColumns))
            .AppendCacheCheckpoint(_mlContext)
            .Append(_mlContext.Transforms.CopyColumns("Again", "NormalizedScore"))
            .Fit(data).Transform(data);
        foreach (string name in Outputs)
        {
            Rows.AssertSame(plain, cachedBefore, name);
            Rows.AssertSame(plain, cachedAfter, name);
            Rows.AssertSame(plain, checkpoint, name);
        }
    }

    [TestMethod]
    public void Estimator_and_transformer_chains_take_it_at_any_place()
    {
        IDataView data = Rows.View(_mlContext, 50);
        var estimators = _mlContext.Transforms.NormalizeAnomaly(Thresholds, Rows.AllColumns)
            .Append(_mlContext.Transforms.CopyColumns("Copy", "NormalizedMap"));
        IDataView byEstimators = estimators.Fit(data).Transform(data);
        IDataView byTransformers = new TransformerChain<ITransformer>(Fit(data))
            .Append(_mlContext.Transforms.CopyColumns("Copy", "NormalizedMap").Fit(Transform(data)))
            .Transform(data);
        Rows.AssertSame(Transform(data), byEstimators, "NormalizedMap");
        Rows.AssertSame(byEstimators, byTransformers, "Copy");
    }

    [TestMethod]
    public void Train_test_split_and_preview_work_on_its_output()
    {
        IDataView output = Transform(Rows.View(_mlContext, 200));
        DataOperationsCatalog.TrainTestData split = _mlContext.Data.TrainTestSplit(output, testFraction: 0.25, seed: 1);
        Assert.AreEqual(200, split.TrainSet.GetColumn<float>("NormalizedScore").Count() + split.TestSet.GetColumn<float[]>("NormalizedMap").Count());

        DataDebuggerPreview preview = output.Preview(maxRows: 5);
        Assert.HasCount(5, preview.RowView);
        Assert.IsTrue(preview.ColumnView.Any(column => column.Column.Name == "NormalizedBoxScores"));
        Assert.HasCount(5, _mlContext.Transforms.NormalizeAnomaly(Thresholds).Preview(Rows.View(_mlContext, 10), maxRows: 5).RowView);
    }

    [TestMethod]
    public void A_trainer_downstream_and_cross_validation_learn_from_the_normalized_score()
    {
        IDataView data = _mlContext.Data.FilterRowsByMissingValues(_mlContext.Data.FilterRowsByColumn(Rows.View(_mlContext, 400), "Score", 0, 5), "Score");
        var pipeline = _mlContext.Transforms.NormalizeAnomaly(Thresholds)
            .Append(_mlContext.Transforms.Concatenate("Features", "NormalizedScore"))
            .Append(_mlContext.BinaryClassification.Trainers.LbfgsLogisticRegression());
        foreach (var fold in _mlContext.BinaryClassification.CrossValidate(data, pipeline, numberOfFolds: 3, seed: 1))
            Assert.IsGreaterThan(0.95, fold.Metrics.AreaUnderRocCurve);
    }

    [TestMethod]
    public void A_prediction_engine_gives_the_kernels_bits()
    {
        Row[] rows = Rows.Make(200);
        var transformer = Fit(_mlContext.Data.LoadFromEnumerable(rows));
        using var engine = _mlContext.Model.CreatePredictionEngine<Row, Prediction>(transformer);
        var image = new ScoreNormalizer(1.24);
        var pixel = new ScoreNormalizer(0.7);
        foreach (Row row in rows)
        {
            Prediction prediction = engine.Predict(row);
            Assert.IsTrue(Same.Bits(image.Normalize(row.Score), prediction.NormalizedScore));
            Assert.AreEqual(image.IsAnomalous(row.Score), prediction.PredictedLabel);
            Same.Bits<float>(Array.ConvertAll(row.AnomalyMap, pixel.Normalize), prediction.NormalizedMap);
            Same.Bits<float>(Array.ConvertAll(row.Boxes, pixel.Normalize), prediction.NormalizedBoxScores);
        }
    }

    [TestMethod]
    public void ML_NETs_own_anomaly_evaluation_accepts_the_normalized_scores_of_its_own_detector()
    {
        var random = new Random(5);
        PcaRow[] rows = [.. Enumerable.Range(0, 300).Select(i => new PcaRow
        {
            Label = i % 10 == 0 ? 1 : 0,
            Features = i % 10 == 0 ? [random.NextSingle(), 1, random.NextSingle()] : [10 * random.NextSingle(), random.NextSingle(), 0.5f],
        })];
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        var pipeline = _mlContext.AnomalyDetection.Trainers.RandomizedPca(rank: 1, ensureZeroMean: false, seed: 1)
            .Append(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(0.5, 0.5)));
        IDataView output = pipeline.Fit(data).Transform(data);

        AnomalyDetectionMetrics raw = _mlContext.AnomalyDetection.Evaluate(output, scoreColumnName: "Score");
        AnomalyDetectionMetrics normalized = _mlContext.AnomalyDetection.Evaluate(output, scoreColumnName: "NormalizedScore");
        Assert.AreEqual(raw.AreaUnderRocCurve, normalized.AreaUnderRocCurve, 1e-12);
        Assert.AreEqual(raw.DetectionRateAtFalsePositiveCount, normalized.DetectionRateAtFalsePositiveCount);
        Assert.IsGreaterThan(0.9, normalized.AreaUnderRocCurve);
    }

    [TestMethod]
    public void Rows_keep_the_contracts_of_stock_rows()
    {
        IDataView data = Rows.View(_mlContext, 3);
        IRowToRowMapper mapper = Fit(data).GetRowToRowMapper(data.Schema);
        using DataViewRowCursor input = data.GetRowCursor(data.Schema);
        input.MoveNext();
        using DataViewRow row = mapper.GetRow(input, [mapper.OutputSchema["NormalizedScore"]]);

        Assert.IsTrue(row.IsColumnActive(mapper.OutputSchema["NormalizedScore"]));
        Assert.IsFalse(row.IsColumnActive(mapper.OutputSchema["NormalizedMap"]));
        var inactive = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => row.GetGetter<VBuffer<float>>(mapper.OutputSchema["NormalizedMap"]));
        StringAssert.Contains(inactive.Message, "'NormalizedMap' is not active");
        var wrongType = Assert.ThrowsExactly<InvalidOperationException>(() => row.GetGetter<double>(mapper.OutputSchema["NormalizedScore"]));
        StringAssert.Contains(wrongType.Message, "System.Single");
        Assert.AreEqual(input.Position, row.Position);
        Assert.AreEqual(input.Batch, row.Batch);

        IDataView other = Rows.View(_mlContext, 3);
        using DataViewRowCursor foreign = other.GetRowCursor(other.Schema);
        Assert.ThrowsExactly<ArgumentException>(() => mapper.GetRow(foreign, []));
    }

    [TestMethod]
    public void Data_of_another_element_type_than_was_fitted_is_refused_with_both_types()
    {
        IDataView data = Rows.View(_mlContext, 3);
        var transformer = _mlContext.Transforms.NormalizeAnomalyScore("N", "Score", 1.24).Fit(data);
        IDataView wide = _mlContext.Transforms.Conversion.ConvertType("Score", outputKind: DataKind.Double).Fit(data).Transform(data);
        foreach (Action use in (Action[])[() => transformer.Transform(wide), () => transformer.GetOutputSchema(wide.Schema), () => transformer.GetRowToRowMapper(wide.Schema)])
        {
            string message = Assert.ThrowsExactly<ArgumentOutOfRangeException>(use).Message;
            StringAssert.Contains(message, "Column 'Score': expected Single, which the transformer was fitted on, got Double");
        }
    }

    private AnomalyNormalizationTransformer Fit(IDataView data) => _mlContext.Transforms.NormalizeAnomaly(Thresholds, Rows.AllColumns).Fit(data);

    private IDataView Transform(IDataView data) => Fit(data).Transform(data);

    internal sealed class Prediction
    {
        public float NormalizedScore { get; set; }

        public bool PredictedLabel { get; set; }

        public float[] NormalizedMap { get; set; } = [];

        public float[] NormalizedBoxScores { get; set; } = [];
    }

    private sealed class PcaRow
    {
        public float Label { get; set; }

        [VectorType(3)]
        public float[] Features { get; set; } = [];
    }
}
