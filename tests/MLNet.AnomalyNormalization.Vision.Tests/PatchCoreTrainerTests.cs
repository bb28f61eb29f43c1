using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Vision.Tests;

[TestClass]
public sealed class PatchCoreTrainerTests : IDisposable
{
    private readonly MLContext _mlContext = new(seed: 0);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void A_scratch_is_found_and_good_photos_pass()
    {
        using PatchCoreTransformer model = Train(Paths(12), Options(smallestBank: 400));
        Assert.IsEmpty(model.NearDuplicates);
        Assert.AreEqual((12L, 0d), (model.ImageFit.NormalCount, model.ImageFit.FalsePositiveRate));
        float[] scores = Scores(model, Paths(3, from: 100), Drawings.Save(_folder["scratched.png"], 200, hasScratch: true));
        Assert.IsTrue(scores[..3].All(score => score < model.Thresholds.Image), string.Join(' ', scores));
        Assert.IsGreaterThan(model.Thresholds.Image, scores[3]);

        float[] map = _mlContext.Data.CreateEnumerable<ScoredPhoto>(
            model.Transform(Rows([_folder["scratched.png"]])), reuseRowObject: false).Single().AnomalyMap;
        int brightest = map.AsSpan().IndexOf(map.Max());
        Assert.AreEqual(40, brightest / 64, 16, "in the middle third of 80 rows");
        Assert.AreEqual(32, brightest % 64, 8, "in the middle of 64 columns");
    }

    [TestMethod]
    public void Both_thresholds_are_those_of_one_number_for_each_photo_given_by_a_model_of_the_others()
    {
        string[] photos = Paths(4);
        var (scores, highestPixels) = (new float[4], new float[4]);
        for (int i = 0; i < photos.Length; i++)
        {
            using PatchCoreTransformer others = Train([.. photos.Where(photo => photo != photos[i])]);
            IDataView scored = others.Transform(Rows([photos[i]]));
            (scores[i], highestPixels[i]) = (Scores(scored).Single(), scored.GetColumn<float[]>("AnomalyMap").Single().Max());
        }

        using PatchCoreTransformer model = Train(photos);
        var strategy = ThresholdStrategy.FalseAlarms(0);
        Assert.AreEqual(strategy.Fit(scores, new bool[4]), model.ImageFit);
        Assert.AreEqual(strategy.Fit(highestPixels, new bool[4]), model.PixelFit);
    }

    [TestMethod]
    public void The_file_the_saved_model_and_images_in_memory_give_the_same_bits()
    {
        string[] photos = Paths(4);
        using PatchCoreTransformer model = Train(photos);
        float[] expected = Scores(model, photos);
        Assert.AreEqual("Vector<Single, 1, 1, 80, 64>", $"{model.GetOutputSchema(Rows([]).Schema)["AnomalyMap"].Type}");

        model.SaveOnnx(_folder["model.onnx"]);
        var file = AnomalyOnnxModel.Open(_folder["model.onnx"]);
        Assert.AreEqual(model.Thresholds, file.Thresholds);
        Assert.IsEmpty(file.Notes);
        IDataView rows = Rows(photos);
        using TransformerChain<ITransformer> opened = _mlContext.Transforms.ApplyAnomalyOnnxModel(file, nameof(Photo.Image)).Fit(rows);
        Same.Bits<float>(expected, Scores(opened.Transform(rows)));

        _mlContext.Model.Save(model, rows.Schema, _folder["model.zip"]);
        ITransformer loaded = _mlContext.Model.Load(_folder["model.zip"], out _);
        Same.Bits<float>(expected, Scores(loaded.Transform(rows)));

        EstimatorChain<PatchCoreTransformer> pipeline = _mlContext.Transforms.LoadImages("Loaded", null, nameof(Photo.Image))
            .Append(_mlContext.AnomalyDetection.Trainers.PatchCore(Options(imageColumnName: "Loaded")));
        using TransformerChain<PatchCoreTransformer> ofImages = pipeline.Fit(rows);
        Same.Bits<float>(expected, Scores(ofImages.Transform(rows)));
    }

    [TestMethod]
    public void The_same_seed_gives_the_same_bytes_and_another_one_does_not()
    {
        byte[] Bytes(int seed)
        {
            using PatchCoreTransformer model = Train(Paths(5), Options(seed: seed));
            model.SaveOnnx(_folder["model.onnx"]);
            return File.ReadAllBytes(_folder["model.onnx"]);
        }

        byte[] first = Bytes(seed: 1);
        CollectionAssert.AreEqual(first, Bytes(seed: 1));
        CollectionAssert.AreNotEqual(first, Bytes(seed: 2));
    }

    [TestMethod]
    public void A_pipeline_knows_its_columns_before_the_training()
    {
        EstimatorChain<ITransformer> pipeline = new EstimatorChain<ITransformer>()
            .Append<ITransformer>(Trainer(Options()))
            .Append<ITransformer>(_mlContext.Transforms.Concatenate("Both", "Score", "AnomalyMap"));
        using TransformerChain<ITransformer> model = pipeline.Fit(Rows(Paths(2)));
        Assert.AreEqual("Vector<Single, 5121>", $"{model.GetOutputSchema(Rows([]).Schema)["Both"].Type}");
    }

    [TestMethod]
    [DataRow(null, "224, 288", DisplayName = "if nothing else is said, 224")]
    [DataRow(64, "64, 80", DisplayName = "as asked for")]
    public void Photos_have_a_shorter_side_and_the_proportions_of_the_first(int? side, string expected)
    {
        var options = new PatchCoreOptions { SmallestBank = 10 };
        if (side is { } given)
            options = new() { SmallestBank = 10, ShorterSide = given };
        string[] photos = [.. Enumerable.Range(0, 2).Select(i => Drawings.Save(_folder[$"{i}.png"], i, height: 100, width: 130))];
        using PatchCoreTransformer model = Trainer(options).Fit(Rows(photos));
        Assert.AreEqual($"Vector<Single, 1, 1, {expected}>", $"{model.GetOutputSchema(Rows([]).Schema)["AnomalyMap"].Type}");
    }

    [TestMethod]
    public void A_photo_taken_twice_is_told_and_never_judged_by_itself()
    {
        string[] photos = [.. Paths(6), Drawings.Save(_folder["again.png"], 2)];
        var said = new List<string>();
        using PatchCoreTransformer twice = Train(photos, Options(log: said.Add));
        Assert.AreEqual("2,6", string.Join(',', twice.NearDuplicates.Single()));
        Assert.Contains($"kept in one fold: '{photos[2]}', '{photos[6]}'.", said.Single());

        // Judged by its own twin, it would score 0 and pull the lower bound of the interval down.
        using PatchCoreTransformer once = Train(Paths(6));
        Assert.AreEqual(once.ImageFit.Threshold, twice.ImageFit.Threshold, 0.2 * once.ImageFit.Threshold);
        Assert.IsGreaterThan(0, twice.ImageFit.LowerBound);
    }

    [TestMethod]
    public void Photos_of_one_part_share_a_fold()
    {
        IDataView rows = _mlContext.Data.LoadFromEnumerable(Paths(6).Select((path, i) => new Photo { Image = path, Part = i % 2 }));
        using PatchCoreTransformer two = Trainer(Options(groupColumnName: nameof(Photo.Part))).Fit(rows);
        Assert.AreEqual(6, two.ImageFit.NormalCount);

        IDataView one = _mlContext.Data.LoadFromEnumerable(Paths(6).Select(path => new Photo { Image = path }));
        Refused<InvalidOperationException>(() => Trainer(Options(groupColumnName: nameof(Photo.Part))).Fit(one), "all of one group");
    }

    [TestMethod]
    public void Progress_is_told_to_its_end_in_every_stage()
    {
        var told = new Told();
        using PatchCoreTransformer model = Train(Paths(3), Options(progress: told));
        Assert.AreEqual("Features 3, Bank 160, Thresholds 3", string.Join(", ", told
            .GroupBy(progress => progress.Stage).Select(stage => $"{stage.Key} {stage.Max(progress => progress.Done)}")));
        Assert.IsTrue(told.All(progress => progress.Done <= (progress.Total ?? int.MaxValue)));
        Assert.AreEqual(told.Last().Total, told.Last().Done);
    }

    [TestMethod]
    [DataRow(PatchCoreStage.Features)]
    [DataRow(PatchCoreStage.Bank)]
    [DataRow(PatchCoreStage.Thresholds)]
    public void It_can_be_cancelled_in_every_stage(PatchCoreStage stage)
    {
        using var cancellation = new CancellationTokenSource();
        var told = new Told { Then = progress => { if (progress.Stage == stage) cancellation.Cancel(); } };
        Assert.Throws<OperationCanceledException>(() => Train(Paths(4), Options(progress: told, cancellation: cancellation.Token)));
        Assert.AreEqual(stage, told.Last().Stage);
    }

    [TestMethod]
    public void Bad_photos_are_refused_by_row_and_file()
    {
        string[] good = Paths(3);
        File.WriteAllBytes(_folder["half.png"], File.ReadAllBytes(good[0])[..2000]);
        File.WriteAllText(_folder["text.png"], "no picture");
        Refused<InvalidDataException>(() => Train([.. good, _folder["half.png"]]), "row 3", "half.png");
        Refused<InvalidDataException>(() => Train([.. good, _folder["text.png"]]), "row 3", "text.png");
        Refused<InvalidDataException>(() => Train([.. good, _folder["missing.png"]]), "row 3", "missing.png");
        string tiny = Drawings.Save(_folder["tiny.png"], 1, height: 80, width: 20);
        Refused<InvalidDataException>(() => Train([.. good, tiny]), "row 3", "tiny.png' is 80 x 20", "at least 32");
    }

    [TestMethod]
    public void Photos_of_other_proportions_are_refused_unless_a_size_is_given()
    {
        string[] mixed = [.. Paths(2), Drawings.Save(_folder["wide.png"], 9, height: 64, width: 80)];
        Refused<InvalidDataException>(
            () => Trainer(new() { SmallestBank = 10 }).Fit(Rows(mixed)), "row 2", "wide.png' is 64 x 80", "80 x 64", "Set Height and Width");
        using PatchCoreTransformer model = Train(mixed);
        Assert.AreEqual(3, model.ImageFit.NormalCount);
    }

    [TestMethod]
    public void Too_few_photos_are_refused()
    {
        Refused<InvalidOperationException>(() => Train([]), "no photos", "at least 2");
        Refused<InvalidOperationException>(() => Train(Paths(1)), "1 photo", "at least 2");
        string path = Drawings.Save(_folder["one.png"], 1);
        Refused<InvalidOperationException>(() => Train([path, path, path]), "the same photo", "at least 2");
    }

    [TestMethod]
    public void Anomalous_rows_are_refused_with_their_count()
    {
        IDataView rows = _mlContext.Data.LoadFromEnumerable(Paths(5).Select((path, i) => new Photo { Image = path, Label = i % 2 == 0 }));
        Refused<InvalidOperationException>(() => Trainer(Options()).Fit(rows), "3 of 5 rows", "'Label'");
    }

    [TestMethod]
    public void A_column_that_is_missing_or_of_another_type_is_refused_by_name()
    {
        Refused<ArgumentOutOfRangeException>(() => Trainer(Options(imageColumnName: "Picture")).Fit(Rows([])), "'Picture' is missing");
        Refused<ArgumentOutOfRangeException>(() => Trainer(Options(imageColumnName: "Label")).Fit(Rows([])), "'Label'", "Boolean");
    }

    [TestMethod]
    public void Options_out_of_range_are_refused_at_once_by_name()
    {
        PatchCoreOptions[] refused =
        [
            new() { Height = 64 }, new() { Height = 64, Width = 40 }, new() { Height = 16, Width = 64 },
            new() { ShorterSide = 100 }, new() { BankShare = 0 }, new() { BankShare = double.NaN }, new() { SmallestBank = 0 }, new() { LargestBank = 999 }, new() { Folds = 1 },
        ];
        foreach (PatchCoreOptions options in refused)
            Assert.Contains("expected", Assert.Throws<ArgumentOutOfRangeException>(() => Trainer(options)).Message);
    }

    [TestMethod]
    public void A_mask_that_ignores_everything_is_refused()
    {
        using MLImage white = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Rgba32, [255, 255, 255, 255]);
        Refused<InvalidOperationException>(() => Train(Paths(2), Options(ignoreMask: white)), "ignores all 80 patches");
    }

    [TestMethod]
    public void A_mask_of_0_and_1_is_refused_since_it_would_ignore_nothing()
    {
        using MLImage mask = MLImage.CreateFromPixels(1, 2, MLPixelFormat.Rgba32, [0, 0, 0, 255, 1, 1, 1, 255]);
        Refused<InvalidOperationException>(() => Train(Paths(2), Options(ignoreMask: mask)), "IgnoreMask", "0 and 255");
    }

    [TestMethod]
    public void What_the_mask_ignores_does_not_decide()
    {
        // The middle column, where the scratch is.
        byte[] pixels = [.. Enumerable.Range(0, 80 * 64).SelectMany(i => i % 64 is >= 8 and < 56
            ? new byte[] { 255, 255, 255, 255 }
            : [0, 0, 0, 255])];
        using MLImage mask = MLImage.CreateFromPixels(64, 80, MLPixelFormat.Rgba32, pixels);
        string scratched = Drawings.Save(_folder["scratched.png"], 200, hasScratch: true);
        using PatchCoreTransformer masked = Train(Paths(8), Options(ignoreMask: mask));
        using PatchCoreTransformer whole = Train(Paths(8));
        Assert.IsGreaterThan(1.5, Scores(whole, scratched)[0] / whole.Thresholds.Image);
        Assert.IsLessThan(Scores(whole, scratched)[0] / 2, Scores(masked, scratched)[0]);
    }

    private static void Refused<T>(Action action, params string[] expected)
        where T : Exception
    {
        string message = Assert.Throws<T>(action).Message;
        foreach (string part in expected)
            Assert.Contains(part, message);
    }

    private static PatchCoreOptions Options(
        string imageColumnName = nameof(Photo.Image), string? groupColumnName = null, int seed = 0, int smallestBank = 40,
        Action<string>? log = null, MLImage? ignoreMask = null, IProgress<PatchCoreProgress>? progress = null, CancellationToken cancellation = default)
        => new()
        {
            ImageColumnName = imageColumnName,
            GroupColumnName = groupColumnName,
            Height = 80,
            Width = 64,
            SmallestBank = smallestBank,
            Seed = seed,
            Log = log,
            IgnoreMask = ignoreMask,
            Progress = progress,
            CancellationToken = cancellation,
        };

    private PatchCoreTrainer Trainer(PatchCoreOptions options) => _mlContext.AnomalyDetection.Trainers.PatchCore(options);

    private PatchCoreTransformer Train(string[] photos, PatchCoreOptions? options = null)
        => Trainer(options ?? Options()).Fit(Rows(photos));

    private string[] Paths(int count, int from = 0)
        => [.. Enumerable.Range(from, count).Select(i => Drawings.Save(_folder[$"photo-{i}.png"], i))];

    private IDataView Rows(IEnumerable<string> photos)
        => _mlContext.Data.LoadFromEnumerable(photos.Select(path => new Photo { Image = path }));

    private float[] Scores(PatchCoreTransformer model, params IEnumerable<string> photos) => Scores(model.Transform(Rows(photos)));

    private float[] Scores(PatchCoreTransformer model, string[] photos, string photo) => Scores(model, photos.Append(photo));

    private static float[] Scores(IDataView scored) => [.. scored.GetColumn<float[]>("Score").Select(score => score.Single())];

    private sealed class Photo
    {
        public string Image { get; set; } = "";

        public bool Label { get; set; }

        public int Part { get; set; }
    }

    private sealed class ScoredPhoto
    {
        public float[] AnomalyMap { get; set; } = [];
    }

    private sealed class Told : List<PatchCoreProgress>, IProgress<PatchCoreProgress>
    {
        public Action<PatchCoreProgress>? Then { get; init; }

        public void Report(PatchCoreProgress value)
        {
            Add(value);
            Then?.Invoke(value);
        }
    }
}
