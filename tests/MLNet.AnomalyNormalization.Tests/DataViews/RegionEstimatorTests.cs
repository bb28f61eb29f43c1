using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class RegionEstimatorTests : IDisposable
{
    private const int Height = 6, Width = 8;

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Options_that_an_older_version_did_not_save_are_as_in_new_options()
    {
        AnomalyRegionColumnOptions read = SavedRegions.ReadOptions("""{"ScoreColumnName":null,"Regions":{"Threshold":90}}"""u8);
        Assert.AreEqual(new AnomalyRegionColumnOptions { ScoreColumnName = null, Regions = new() { Threshold = 90 } }, read);
    }

    [TestMethod]
    public void Columns_hold_what_the_regions_of_each_map_are()
    {
        MapRow[] rows = MapRow.Draw(20);
        AnomalyRegionOptions regions = new() { MinimumArea = 2, Threshold = 1.5f, BorderMargin = 1, Connectivity = RegionConnectivity.Four };
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        IDataView found = _mlContext.Transforms
            .FindAnomalyRegions(new() { MapColumnName = "AnomalyMap", Regions = regions }).Fit(data).Transform(data);
        AssertRegions(rows, found, regions);
    }

    [TestMethod]
    public void Maps_of_Double_and_maps_that_have_lost_their_shape_are_read_too()
    {
        MapRow[] rows = MapRow.Draw(5);
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        data = _mlContext.Transforms.Conversion.ConvertType("Wide", "AnomalyMap", DataKind.Double)
            .Append(_mlContext.Transforms.Expression("Flat", "x => x", "AnomalyMap")).Fit(data).Transform(data);
        AnomalyRegionOptions regions = new() { Threshold = 1.5f };
        foreach (AnomalyRegionColumnOptions options in (AnomalyRegionColumnOptions[])
            [new() { MapColumnName = "Wide", Regions = regions, MapHeight = Height, MapWidth = Width },
                new() { MapColumnName = "Flat", Regions = regions, MapHeight = Height, MapWidth = Width }])
            AssertRegions(rows, _mlContext.Transforms.FindAnomalyRegions(options).Fit(data).Transform(data), regions);
    }

    [TestMethod]
    public void The_score_of_regions_is_learned_normalised_evaluated_and_decides_as_the_regions_do()
    {
        MapRow[] rows = MapRow.Draw(200);
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        AnomalyRegionOptions regions = new() { MinimumArea = 3 };
        var pipeline = _mlContext.Transforms
            .FindAnomalyRegions(new() { MapColumnName = "AnomalyMap", Regions = regions, BoxesColumnName = null, BoxScoresColumnName = null })
            .Append(_mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.MaximumF1(), new()
            {
                ScoreColumnName = "RegionScore",
                MapColumnName = "AnomalyMap",
                ThresholdType = ThresholdType.Image,
            }))
            .Append(_mlContext.Transforms.FindAnomalyRegions(new() { ScoreColumnName = null, Regions = regions }));
        IDataView found = pipeline.Fit(data).Transform(data);

        bool[] isAnomalous = [.. found.GetColumn<bool>("PredictedLabel")];
        int[] counts = [.. found.GetColumn<float[]>("BoxScores").Select(scores => scores.Length)];
        CollectionAssert.AreEqual(isAnomalous, counts.Select(count => count > 0).ToArray());
        Assert.IsTrue(isAnomalous.Contains(true) && isAnomalous.Contains(false));

        // Specks as bright as defects lie on the good ones, too: the highest pixel knows less.
        ImageMetrics ofRegions = _mlContext.AnomalyDetection.EvaluateNormalized(found).Image!;
        IDataView peaks = _mlContext.Transforms.FindAnomalyRegions(new() { MapColumnName = "AnomalyMap" }).Fit(data).Transform(data);
        ImageMetrics ofPeaks = _mlContext.AnomalyDetection.EvaluateNormalized(peaks, new() { ScoreColumnName = "RegionScore" }).Image!;
        Assert.AreEqual(1, ofRegions.AreaUnderRocCurve);
        Assert.IsLessThan(0.8, ofPeaks.AreaUnderRocCurve);
    }

    [TestMethod]
    public void A_score_of_the_regions_of_a_normalised_map_is_decided_where_the_map_is()
    {
        MapRow[] rows = MapRow.Draw(20);
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        IDataView found = _mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(1, 1.5), new()
        {
            ScoreColumnName = null,
            MapColumnName = "AnomalyMap",
            PixelEvaluation = EvaluationThreshold.At(120),
        }).Append(_mlContext.Transforms.FindAnomalyRegions()).Fit(data).Transform(data);
        AnomalyEvaluation evaluation = _mlContext.AnomalyDetection.EvaluateNormalized(found, new() { ScoreColumnName = "RegionScore" });
        Assert.AreEqual((ThresholdOrigin.Column, 120), (evaluation.ImageThresholdOrigin, evaluation.Image!.Threshold));
        Assert.AreEqual(120, found.Schema["BoxScores"].GetScoreNormalizer()!.Decision.Normalized);
    }

    [TestMethod]
    [DataRow(1, DisplayName = "one piece")]
    [DataRow(60_000, DisplayName = "a valid area like noise, in several pieces")]
    public void A_saved_model_finds_the_same_regions_once_it_is_loaded_with_this_package(int pixels)
    {
        MapRow[] rows = MapRow.Draw(10);
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        var random = new Random(2);
        AnomalyRegionOptions regions = new()
        {
            Threshold = 1.5f,
            MinimumArea = 2,
            MinimumPeak = float.NegativeInfinity,
            ValidArea = pixels == 1 ? [.. Enumerable.Range(0, Height * Width).Select(i => (byte)(i % 5))] : null,
        };
        var options = new AnomalyRegionColumnOptions { MapColumnName = "AnomalyMap", BoxesColumnName = "Kästen", Regions = regions };
        if (pixels > 1)
            options = options with { Regions = regions with { ValidArea = [.. Enumerable.Range(0, pixels).Select(_ => (byte)random.Next(2))] } };
        ITransformer model = _mlContext.Transforms.FindAnomalyRegions(options)
            .Append(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(1.5, 1.5), new() { ScoreColumnName = "RegionScore" })).Fit(data);
        _mlContext.Model.SaveAnomalyModel(model, data.Schema, _folder["model.zip"]);

        ITransformer loaded = _mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out _);
        _mlContext.Model.SaveAnomalyModel(loaded, data.Schema, _folder["again.zip"]);
        ITransformer again = _mlContext.Model.LoadAnomalyModel(_folder["again.zip"], out _);
        foreach (ITransformer each in (ITransformer[])[loaded, again])
        {
            Assert.AreEqual(model.GetOutputSchema(data.Schema).ToString(), each.GetOutputSchema(data.Schema).ToString());
            if (pixels == 1)
            {
                IDataView found = each.Transform(data);
                AssertRegions(rows, found, regions, boxes: "Kästen");
                CollectionAssert.AreEqual(
                    model.Transform(data).GetColumn<float>("NormalizedScore").ToArray(), found.GetColumn<float>("NormalizedScore").ToArray());
            }
            else
            {
                // The valid area has come along.
                var refusal = Assert.ThrowsExactly<InvalidDataException>(() => each.Transform(data).GetColumn<float>("RegionScore").ToArray());
                StringAssert.Contains(refusal.Message, "Column 'AnomalyMap', row 0: the map has 48 pixels, the valid area 60000");
            }
        }

        var missing = Assert.Throws<Exception>(() => _mlContext.Model.Load(_folder["model.zip"], out _).Transform(data));
        StringAssert.Contains(missing.Message, "RegionScore");
    }

    [TestMethod]
    public void The_shape_of_the_schema_is_that_of_the_data_and_what_does_not_fit_is_refused_before_there_are_rows()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(MapRow.Draw(1));
        var estimator = _mlContext.Transforms.FindAnomalyRegions(new() { MapColumnName = "AnomalyMap", ScoreColumnName = null, BoxesColumnName = "B" });
        DataViewSchema schema = estimator.Append(_mlContext.Transforms.CopyColumns("Copy", "B")).Fit(data).GetOutputSchema(data.Schema);
        CollectionAssert.AreEqual(new[] { "AnomalyMap", "Label", "B", "BoxScores", "Copy" }, schema.Select(column => column.Name).ToArray());

        foreach (string name in (string[])["Label", "Nothing"])
        {
            var wrong = _mlContext.Transforms.FindAnomalyRegions(new() { MapColumnName = name });
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => wrong.Fit(data));
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => wrong.Append(_mlContext.Transforms.CopyColumns("Copy", "RegionScore")).Fit(data));
        }

        foreach (AnomalyRegionColumnOptions wrong in (AnomalyRegionColumnOptions[])
            [new() { ScoreColumnName = null, BoxesColumnName = null, BoxScoresColumnName = null }, new() { ScoreColumnName = "BoxScores" },
                new() { MapHeight = 3 }, new() { BoxesColumnName = " " }])
            Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.FindAnomalyRegions(wrong));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _mlContext.Transforms.FindAnomalyRegions(new() { Regions = new() { MinimumArea = 0 } }));
        Assert.ThrowsExactly<ArgumentNullException>(() => new AnomalyRegionColumnOptions { MapColumnName = null! });
    }

    private static void AssertRegions(MapRow[] rows, IDataView found, AnomalyRegionOptions regions, string boxes = "RegionBoxes")
    {
        float[] scores = [.. found.GetColumn<float>("RegionScore")];
        int[][] places = [.. found.GetColumn<int[]>(boxes)];
        float[][] peaks = [.. found.GetColumn<float[]>("BoxScores")];
        for (int i = 0; i < rows.Length; i++)
        {
            IReadOnlyList<AnomalyRegion> expected = AnomalyRegions.Find(rows[i].AnomalyMap, Height, Width, regions);
            Assert.AreEqual(AnomalyRegions.Score(rows[i].AnomalyMap, Height, Width, regions), scores[i]);
            CollectionAssert.AreEqual(expected.SelectMany(region => (int[])[region.Top, region.Left, region.Height, region.Width]).ToArray(), places[i]);
            CollectionAssert.AreEqual(expected.Select(region => region.Peak).ToArray(), peaks[i]);
        }

        Assert.IsTrue(peaks.Any(row => row.Length > 0));
    }

    private sealed class MapRow
    {
        [VectorType(Height, Width)]
        public float[] AnomalyMap { get; set; } = [];

        public bool Label { get; set; }

        /// <summary>Noise, bright specks, and a defect of 2 x 2 pixels on every third.</summary>
        public static MapRow[] Draw(int count)
        {
            var random = new Random(1);
            return [.. Enumerable.Range(0, count).Select(row =>
            {
                float[] map = [.. Enumerable.Range(0, Height * Width).Select(_ => random.NextSingle())];
                bool isAnomalous = row % 3 == 0;
                int place = (random.Next(Height - 1) * Width) + random.Next(Width - 1);
                foreach (int offset in isAnomalous ? (int[])[0, 1, Width, Width + 1] : [])
                    map[place + offset] = 2 + random.NextSingle();
                map[random.Next(map.Length)] += 1.5f + random.NextSingle();
                return new MapRow { AnomalyMap = map, Label = isAnomalous };
            })];
        }
    }
}
