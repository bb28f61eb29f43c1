using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class PortableExpressionTests : IDisposable
{
    private static readonly AnomalyThresholds Thresholds = new(Image: 1.24, Pixel: 0.7);
    private static readonly string[] Outputs = ["PredictedLabel", "NormalizedScore", "NormalizedMap", "NormalizedBoxScores"];

    // The invariant culture's name is empty.
    private static readonly string[] Cultures = ["", "de-DE", "sv-SE", "fa-IR", "ar-SA", "tr-TR"];

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void A_process_without_our_packages_gets_the_same_bits_for_10000_rows_under_every_culture_of_saving_and_loading()
    {
        IDataView data = Rows.View(_mlContext, 10_000);
        using (FileStream stream = File.Create(_folder["rows.idv"]))
            _mlContext.Data.SaveAsBinary(data, stream);

        IDataView? expected = null;
        foreach (string culture in Cultures)
        {
            InCulture(culture, () =>
            {
                ITransformer model = Pipeline().Fit(data);
                expected ??= model.Transform(data);
                _mlContext.Model.Save(model, data.Schema, _folder[$"{culture}.zip"]);
            });
        }

        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { StockConsumer(), _folder["rows.idv"], string.Join(';', Cultures) },
        };
        foreach (string culture in Cultures)
            start.ArgumentList.Add(_folder[$"{culture}.zip"]);
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.AreEqual(0, child.ExitCode, output);
        Assert.AreEqual("0 assemblies of ours", output.Trim());

        foreach (string saving in Cultures)
        {
            foreach (string loading in Cultures)
            {
                IDataView actual = _mlContext.Data.LoadFromBinary(_folder[$"{saving}.zip.{loading}.idv"]);
                foreach (string name in (string[])[.. Outputs, "Wide", "Negative", "Zero"])
                    Rows.AssertSame(expected!, actual, name, $"saved under '{saving}', loaded under '{loading}':");
            }
        }
    }

    [TestMethod]
    public void The_saved_file_holds_nothing_of_ours_but_a_mark_in_an_expression()
    {
        IDataView data = Rows.View(_mlContext, 10);
        _mlContext.Model.Save(Pipeline().Fit(data), data.Schema, _folder["model.zip"]);
        using ZipArchive archive = ZipFile.OpenRead(_folder["model.zip"]);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using var content = new MemoryStream();
            using (Stream stream = entry.Open())
                stream.CopyTo(content);
            foreach (Encoding encoding in (Encoding[])[Encoding.ASCII, Encoding.Unicode, Encoding.BigEndianUnicode])
                Assert.DoesNotContain("MLNet.AnomalyNormalization", encoding.GetString(content.ToArray()), entry.FullName);
        }
    }

    [TestMethod]
    public void Expression_and_kernel_agree_in_bits_for_random_thresholds_and_values()
    {
        var random = new Random(7);
        float[] singles = [.. Enumerable.Range(0, 20_000).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.NextInt64()))];
        double[] doubles = [.. Enumerable.Range(0, 20_000).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)))];
        double[] thresholds =
        [
            1.24, 0.1, 1e-44, float.Epsilon, float.MaxValue, -float.MaxValue, 1e30, -1e-30, 0, 16777217, 1.0 / 3,
            .. Enumerable.Range(0, 40).Select(_ => (double)BitConverter.UInt32BitsToSingle((uint)random.NextInt64())).Where(double.IsFinite),
        ];

        foreach (double threshold in thresholds)
        {
            float single = (float)threshold;
            Values[] rows = [.. Enumerable.Range(0, 400).Select(i => new Values
            {
                Single = i switch { 0 => single, 1 => MathF.BitIncrement(single), 2 => MathF.BitDecrement(single), 3 => float.NaN, _ => singles[random.Next(singles.Length)] },
                Double = i switch { 0 => threshold, 1 => Math.BitIncrement(threshold), 2 => Math.BitDecrement(threshold), 3 => double.NaN, _ => doubles[random.Next(doubles.Length)] },
            })];
            IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
            foreach (AnomalyNormalizationOptions options in Variants(threshold))
            {
                AnomalyNormalizationTransformer transformer = _mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(threshold, threshold), options).Fit(data);
                IDataView fast = transformer.Transform(data);
                IDataView portable = transformer.Portable.Transform(data);
                Rows.AssertSame(fast, portable, "NormalizedScore", $"threshold {threshold:R}");
                Rows.AssertSame(fast, portable, "PredictedLabel", $"threshold {threshold:R}");
            }
        }

        static IEnumerable<AnomalyNormalizationOptions> Variants(double threshold)
        {
            foreach (string column in (string[])["Single", "Double"])
            {
                yield return new() { ScoreColumnName = column };
                yield return new() { ScoreColumnName = column, PreserveDecisions = false };
                yield return new() { ScoreColumnName = column, ImageEvaluation = new(threshold, 93.7) };
            }
        }
    }

    [TestMethod]
    public void LoadAnomalyModel_puts_the_transformer_back_with_its_exact_thresholds_and_options()
    {
        IDataView data = Rows.View(_mlContext, 500);
        foreach (AnomalyNormalizationOptions options in (AnomalyNormalizationOptions[])
        [
            new(),
            Rows.AllColumns,
            new() { PreserveDecisions = false, PredictedLabelColumnName = null },
            new() { NormalizedScoreColumnName = "Score" },
            new() { ScoreColumnName = "WideScore", PredictedLabelColumnName = "Verdict", NormalizedScoreColumnName = null! },
            new() { ScoreColumnName = null, MapColumnName = "AnomalyMap", NormalizedMapColumnName = "AnomalyMap" },
            new() { MapColumnName = "AnomalyMap", ThresholdType = ThresholdType.Image, ImageEvaluation = EvaluationThreshold.At(110, 1.0 / 3) },
            new() { MapColumnName = "AnomalyMap", PixelEvaluation = new(0.1, 80.03) },
        ])
        {
            var thresholds = new AnomalyThresholds(1.0 / 3, -0.1);
            AnomalyNormalizationTransformer saved = _mlContext.Transforms.NormalizeAnomaly(thresholds, options).Fit(data);
            _mlContext.Model.Save(saved, data.Schema, _folder["model.zip"]);
            var loaded = (AnomalyNormalizationTransformer)_mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out DataViewSchema? schema);

            Assert.AreEqual(thresholds, loaded.Thresholds);
            Assert.AreEqual(data.Schema.Count, schema!.Count);
            using (FileStream stream = File.OpenRead(_folder["model.zip"]))
                Assert.AreEqual(saved.ToString(), _mlContext.Model.LoadAnomalyModel(stream, out _).ToString(), "from a stream");
            Assert.AreEqual(options.ThresholdType, loaded.Options.ThresholdType);
            Assert.AreEqual(saved.ImageNormalizer.Decision, loaded.ImageNormalizer.Decision);
            Assert.AreEqual(saved.PixelNormalizer.Decision, loaded.PixelNormalizer.Decision);
            DataViewSchema expected = saved.GetOutputSchema(data.Schema);
            CollectionAssert.AreEqual(Describe(expected), Describe(loaded.GetOutputSchema(data.Schema)));
            foreach (DataViewSchema.Column column in expected.Where(column => !column.IsHidden))
                Rows.AssertSame(saved.Transform(data), loaded.Transform(data), column.Name);
        }

        static string[] Describe(DataViewSchema schema) => [.. schema.Select(column => $"{column.Name} {column.IsHidden} {column.Type}")];
    }

    [TestMethod]
    public void LoadAnomalyModel_finds_the_transformer_wherever_it_stands_and_keeps_the_scopes_of_the_chain()
    {
        IDataView data = Rows.View(_mlContext, 100);
        var nested = new EstimatorChain<ITransformer>()
            .Append(_mlContext.Transforms.CopyColumns("First", "Score"), TransformerScope.TrainTest)
            .Append(new EstimatorChain<ITransformer>()
                .Append(_mlContext.Transforms.NormalizeAnomaly(Thresholds, Rows.AllColumns))
                .Append(_mlContext.Transforms.Expression("Other", "x => x + 1f", "NormalizedScore")))
            .AppendCacheCheckpoint(_mlContext)
            .Append(_mlContext.Transforms.NormalizeAnomalyScore("Wide", "WideScore", 0));
        var model = nested.Fit(data);
        _mlContext.Model.Save(model, data.Schema, _folder["nested.zip"]);
        ITransformer loaded = _mlContext.Model.LoadAnomalyModel(_folder["nested.zip"], out _);

        Assert.AreEqual("Wide", loaded.FindAnomalyNormalization()!.Options.NormalizedScoreColumnName, "the last one");
        Assert.AreEqual("Wide", model.FindAnomalyNormalization()!.Options.NormalizedScoreColumnName);
        Assert.IsNull(((ITransformer[])[.. model])[0].FindAnomalyNormalization());
        CollectionAssert.AreEqual(new[] { new AnomalyThresholds(1.24, 0.7), new AnomalyThresholds(0, 0) }, Ours(loaded).Select(part => part.Thresholds).ToArray());
        foreach (string name in (string[])[.. Outputs, "Wide", "Other"])
            Rows.AssertSame(model.Transform(data), loaded.Transform(data), name);
        Assert.IsNull(loaded.Transform(data).Schema.GetColumnOrNull("First"), "a part for training only stays out of scoring");
        Assert.IsNotNull(((TransformerChain<ITransformer>)loaded).Transform(data, TransformerScope.TrainTest).Schema.GetColumnOrNull("First"));

        // What was put back can be saved again.
        _mlContext.Model.Save(loaded, data.Schema, _folder["again.zip"]);
        Assert.AreEqual(2, Ours(_mlContext.Model.LoadAnomalyModel(_folder["again.zip"], out _)).Count());
    }

    [TestMethod]
    public void LoadAnomalyModel_works_on_a_model_that_was_saved_with_its_loader()
    {
        IDataView data = Rows.View(_mlContext, 20);
        File.WriteAllText(_folder["rows.csv"], "1.5\n0.3\n");
        TextLoader loader = _mlContext.Data.CreateTextLoader([new TextLoader.Column("Score", DataKind.Single, 0)]);
        _mlContext.Model.Save(_mlContext.Transforms.NormalizeAnomaly(Thresholds).Fit(data), loader, _folder["model.zip"]);
        ITransformer loaded = _mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out _);
        Assert.AreEqual(1, Ours(loaded).Count());
        CollectionAssert.AreEqual(new[] { true, false }, loaded.Transform(loader.Load(_folder["rows.csv"])).GetColumn<bool>("PredictedLabel").ToArray());
    }

    [TestMethod]
    [DataRow("x => x * 2f", DisplayName = "any other expression")]
    [DataRow("x => with(AnomalyNormalization1 = x; AnomalyNormalization1)", DisplayName = "a name like ours without the settings")]
    [DataRow("x => with(AnomalyNormalization1_Score_Single_Pixel_True_3FF0000000000000_3FF0000000000000_None_None_None_None = x; AnomalyNormalization1_Score_Single_Pixel_True_3FF0000000000000_3FF0000000000000_None_None_None_None)", DisplayName = "our settings over another formula")]
    [DataRow("x => with(AnomalyNormalization1_Score_Single_Nothing_Perhaps_X_7FF8000000000000_None_None_None_None = x; AnomalyNormalization1_Score_Single_Nothing_Perhaps_X_7FF8000000000000_None_None_None_None)", DisplayName = "settings that make no sense")]
    public void A_model_without_ours_comes_back_unchanged(string expression)
    {
        IDataView data = Rows.View(_mlContext, 20);
        var chain = new TransformerChain<ITransformer>(_mlContext.Transforms.Expression("NormalizedScore", expression, "Score").Fit(data));
        _mlContext.Model.Save(chain, data.Schema, _folder["model.zip"]);
        ITransformer loaded = _mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out _);
        Assert.IsInstanceOfType<ExpressionTransformer>(((TransformerChain<ITransformer>)loaded).Single());
        Rows.AssertSame(chain.Transform(data), loaded.Transform(data), "NormalizedScore");
    }

    [TestMethod]
    public void A_prediction_engine_runs_on_a_loaded_model()
    {
        Row[] rows = Rows.Make(50);
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        _mlContext.Model.Save(_mlContext.Transforms.NormalizeAnomaly(Thresholds, Rows.AllColumns).Fit(data), data.Schema, _folder["model.zip"]);
        foreach (ITransformer model in (ITransformer[])[_mlContext.Model.Load(_folder["model.zip"], out _), _mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out _)])
        {
            using var engine = _mlContext.Model.CreatePredictionEngine<Row, AnomalyNormalizationTransformerTests.Prediction>(model);
            foreach (Row row in rows)
                Assert.IsTrue(Same.Bits(new ScoreNormalizer(1.24).Normalize(row.Score), engine.Predict(row).NormalizedScore));
        }
    }

    [TestMethod]
    [DataRow("", DisplayName = "empty")]
    [DataRow("not a zip", DisplayName = "another kind of file")]
    public void LoadAnomalyModel_refuses_what_is_no_model_and_names_the_file(string content)
    {
        File.WriteAllText(_folder["model.zip"], content);
        var e = Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out _));
        StringAssert.Contains(e.Message, _folder["model.zip"]);
    }

    [TestMethod]
    public void LoadAnomalyModel_refuses_truncated_and_missing_files_and_names_them()
    {
        IDataView data = Rows.View(_mlContext, 20);
        _mlContext.Model.Save(_mlContext.Transforms.NormalizeAnomaly(Thresholds).Fit(data), data.Schema, _folder["model.zip"]);
        byte[] whole = File.ReadAllBytes(_folder["model.zip"]);
        for (int length = 1; length < whole.Length; length += whole.Length / 20)
        {
            File.WriteAllBytes(_folder["cut.zip"], whole[..length]);
            StringAssert.Contains(
                Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Model.LoadAnomalyModel(_folder["cut.zip"], out _)).Message, "cut.zip");
        }

        Assert.AreEqual(_folder["none.zip"], Assert.ThrowsExactly<FileNotFoundException>(() => _mlContext.Model.LoadAnomalyModel(_folder["none.zip"], out _)).FileName);
    }

    private static void InCulture(string name, Action action)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(name);
        try
        {
            action();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static string StockConsumer()
        => Path.Combine(AppContext.BaseDirectory.Replace("MLNet.AnomalyNormalization.Tests", "MLNet.AnomalyNormalization.StockConsumer", StringComparison.Ordinal),
            "MLNet.AnomalyNormalization.StockConsumer.dll");

    private static IEnumerable<AnomalyNormalizationTransformer> Ours(ITransformer model) => model switch
    {
        AnomalyNormalizationTransformer ours => [ours],
        IEnumerable<ITransformer> chain => chain.SelectMany(Ours),
        _ => [],
    };

    private EstimatorChain<AnomalyNormalizationTransformer> Pipeline()
        => _mlContext.Transforms.NormalizeAnomaly(Thresholds, Rows.AllColumns)
            .Append(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(1.24, 0.7), new()
            {
                ScoreColumnName = "WideScore",
                NormalizedScoreColumnName = "Wide",
                PredictedLabelColumnName = null,
                ImageEvaluation = EvaluationThreshold.At(110, 1.24),
            }))
            .Append(_mlContext.Transforms.NormalizeAnomalyScore("Negative", "AnomalyMap", -0.37))
            .Append(_mlContext.Transforms.NormalizeAnomalyScore("Zero", "Boxes", 0));

    private sealed class Values
    {
        public float Single { get; set; }

        public double Double { get; set; }
    }
}
