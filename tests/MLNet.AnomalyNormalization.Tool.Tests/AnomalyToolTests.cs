using System.Text.Json;
using Microsoft.Playwright;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Imaging.Tests.Reports;
using MLNet.AnomalyNormalization.Onnx;
using VisualInspection;

namespace MLNet.AnomalyNormalization.Tool.Tests;

[TestClass]
public sealed class AnomalyToolTests
{
    private static readonly TemporaryFolder s_folder = new();

    private static string Data => s_folder["data"];

    private static string Model => s_folder["model.onnx"];

    [ClassInitialize]
    public static void Train(TestContext context)
    {
        DrawnImages.Save(Data);
        (int code, string output, string error) = Run("train", Data, "--output", Model, "--side", "96");
        Assert.AreEqual(0, code, error);
        StringAssert.Contains(output, "24 photos");
        StringAssert.Contains(error, "Training on 24 photos: done.");
    }

    [ClassCleanup]
    public static void Clean() => s_folder.Dispose();

    [TestMethod]
    public void Describe_prints_the_data_sheet()
    {
        (int code, string output, _) = Run("describe", Model);
        Assert.AreEqual(0, code);
        Assert.AreEqual(AnomalyOnnxModel.Open(Model).ToString(), output.TrimEnd());
        Assert.AreEqual(
            AnomalyOnnxModel.Open(Model).Thresholds!.Image,
            Json("describe", Model, "--json").GetProperty("thresholds").GetProperty("image").GetDouble());
    }

    [TestMethod]
    public void Inspect_prints_a_line_for_each_picture_and_draws_it()
    {
        string cut = Path.Combine(Data, "test", "cut", "000.png"), good = Path.Combine(Data, "test", "good", "001.png");
        using AnomalyInspector inspector = AnomalyInspector.Open(Model);
        (int code, string output, _) = Run("inspect", Model, cut, good, "--overlays", s_folder["overlays"]);
        Assert.AreEqual(0, code);
        CollectionAssert.AreEqual(
            new[] { inspector.Inspect(cut).ToString(), inspector.Inspect(good).ToString() }, output.TrimEnd().Split(Environment.NewLine));
        Assert.IsTrue(File.Exists(s_folder["overlays/000.png"]) && File.Exists(s_folder["overlays/001.png"]));
        Assert.AreEqual("reject", Json("inspect", Model, cut, "--json")[0].GetProperty("decision").GetString());
        Assert.AreEqual(2, Run("inspect", Model, cut, good, "--fail-on-reject").Code);
        Assert.AreEqual(0, Run("inspect", Model, good, "--fail-on-reject", "--image-threshold", "1e9", "--pixel-threshold", "1e9").Code);
        StringAssert.Contains(Run("inspect", Model, cut, "--review-from", "1", "--review-to", "1000").Output, "review");
    }

    [TestMethod]
    public void Evaluate_prints_the_metrics_and_its_exit_code_is_a_gate()
    {
        (int code, string output, _) = Run("evaluate", Model, Data);
        Assert.AreEqual(0, code);
        StringAssert.Contains(output, "AUPRO");
        JsonElement json = Json("evaluate", Model, Data, "--json");
        double auroc = json.GetProperty("image").GetProperty("areaUnderRocCurve").GetDouble();
        Assert.IsGreaterThan(0.8, auroc);
        Assert.AreEqual(50, json.GetProperty("pictures").GetInt32());
        Assert.AreEqual(0, Run("evaluate", Model, Data, "--min-auroc", "0.8", "--max-escape", "1", "--max-false-alarms", "1").Code);
        (int missed, _, string error) = Run("evaluate", Model, Data, "--min-auroc", "1.01", "--max-escape", "-1");
        Assert.AreEqual(2, missed);
        StringAssert.Contains(error, "AUROC is");
        StringAssert.Contains(error, "Share of missed defects is");
    }

    [TestMethod]
    public void Report_writes_the_page()
    {
        (int code, _, string error) = Run("report", Model, Data, "--output", s_folder["report"]);
        Assert.AreEqual(0, code, error);
        Assert.IsTrue(File.Exists(s_folder["report/report.html"]));
    }

    [TestMethod]
    public async Task A_plants_story_ends_with_the_decisions_that_were_chosen_on_the_page()
    {
        Directory.CreateDirectory(s_folder["line4"]);
        string model = s_folder["line4/model.onnx"];
        File.Copy(Model, model);
        FolderImage[] pictures = [.. ImageFolder.Open(Data).Test];
        Assert.AreEqual(0, Run("report", model, Data, "--output", s_folder["story"]).Code);

        await using ReportBrowser browser = await ReportBrowser.StartAsync();
        await using IBrowserContext context = await browser.OpenAsync(s_folder["story/report.html"], new() { AcceptDownloads = true });
        IPage page = context.Pages[0];
        await page.Locator("#cost-overkill").FillAsync("2");
        await page.Locator("#cost-escape").FillAsync("300");
        await page.Locator("#prevalence").FillAsync("25");
        await page.Locator("#cheapest").ClickAsync();
        await page.KeepAsync(s_folder["line4/model.json"]);
        CollectionAssert.AreEqual(await page.TableOf(), Inspected());

        await page.Locator("#has-review").CheckAsync();
        await page.DragTo("#threshold", 190);
        await page.DragTo("#review", 60);
        int[] chosen = await page.TableOf();
        Assert.IsTrue(chosen[1] > 0 && chosen[4] > 0, "some of both kinds are looked at");
        await page.KeepAsync(s_folder["line4/model.json"]);
        CollectionAssert.AreEqual(chosen, Inspected());
        JsonElement counts = Json("evaluate", model, Data, "--json").GetProperty("decisions");
        Assert.AreEqual(chosen[4], counts.GetProperty("anomalousReviewed").GetInt32());
        StringAssert.Contains(Run("describe", model).Output, "review from");

        // Other thresholds have another scale, on which that band would mean something else.
        Assert.AreEqual(0, Run("threshold", model, Data).Code);
        Assert.IsNull(AnomalyOnnxModel.Open(model).ReviewBand);

        int[] Inspected()
        {
            JsonElement inspections = Json(["inspect", model, .. pictures.Select(picture => picture.Path), "--json"]);
            string[] decisions = [.. inspections.EnumerateArray().Select(inspection => inspection.GetProperty("decision").GetString()!)];
            return [.. from isAnomalous in (bool[])[false, true]
                       from decision in (string[])["pass", "review", "reject"]
                       select pictures.Zip(decisions).Count(row => row.First.IsAnomalous == isAnomalous && row.Second == decision)];
        }
    }

    [TestMethod]
    public void Threshold_learns_and_keeps_what_the_model_then_decides_by()
    {
        Directory.CreateDirectory(s_folder["kept"]);
        string copy = s_folder["kept/model.onnx"];
        File.Copy(Model, copy, overwrite: true);
        JsonElement kept = Json("threshold", copy, Data, "--escape-cost", "10", "--prevalence", "0.01", "--json");
        double image = kept.GetProperty("thresholds").GetProperty("image").GetDouble();
        Assert.AreEqual(image, AnomalyThresholds.Load(s_folder["kept/model.json"]).Image);
        Assert.AreEqual(image, AnomalyOnnxModel.Open(copy).Thresholds!.Image, "as the model is opened from now on");

        // Once more, and with another model in its place.
        double again = Json("threshold", copy, Data, "--deviations", "4", "--json").GetProperty("thresholds").GetProperty("image").GetDouble();
        Assert.AreNotEqual(image, again);
        Assert.AreEqual(again, AnomalyOnnxModel.Open(copy).Thresholds!.Image);
        Assert.AreEqual(0, Run("train", Data, "--output", copy, "--side", "96", "--seed", "7").Code);
        Assert.AreNotEqual(again, AnomalyOnnxModel.Open(copy).Thresholds!.Image);
        StringAssert.Contains(Run("describe", copy).Output, "model.json has other thresholds");
        File.Copy(Model, copy, overwrite: true);

        // Of a folder, and under another name than most.
        File.Move(copy, s_folder["kept/line4.onnx"]);
        double named = Json("threshold", s_folder["kept"], Data, "--deviations", "5", "--json").GetProperty("thresholds").GetProperty("image").GetDouble();
        Assert.AreEqual(named, AnomalyOnnxModel.Open(s_folder["kept/line4.onnx"]).Thresholds!.Image);
        File.Move(s_folder["kept/line4.onnx"], copy);

        // Good pictures alone: none of them is rejected.
        string good = Path.Combine(Data, "test", "good");
        Assert.AreEqual(0, Run("threshold", copy, good, "--output", s_folder["kept/good.json"]).Code);
        AnomalyThresholds thresholds = AnomalyThresholds.Load(s_folder["kept/good.json"]);
        using AnomalyInspector inspector = AnomalyInspector.Open(Model, new() { Thresholds = thresholds });
        Assert.IsTrue(inspector.InspectAll(Directory.GetFiles(good)).All(inspection => !inspection.IsAnomalous && inspection.Regions.Count == 0));
    }

    [TestMethod]
    public void Recorded_scores_are_evaluated_and_give_a_threshold()
    {
        string scores = s_folder["scores.csv"];
        File.WriteAllLines(scores, ["Score,Label", "0.1,0", "0.3,0", "0.2,0", "0.9,1", "0.25,1", "0.4,"]);
        JsonElement json = Json("evaluate", scores, "--image-threshold", "0.28", "--json");
        Assert.AreEqual(5, json.GetProperty("rows").GetInt32());
        Assert.AreEqual(5 / 6.0, json.GetProperty("image").GetProperty("areaUnderRocCurve").GetDouble(), 1e-12);
        Assert.AreEqual(2, Run("evaluate", scores, "--image-threshold", "0.28", "--max-escape", "0.4").Code);
        StringAssert.Contains(Run("evaluate", scores).Error, "--image-threshold");
        Assert.AreEqual(0, Run("threshold", scores, "--output", s_folder["recorded.json"]).Code);
        Assert.AreEqual(ThresholdStrategy.MaximumF1().Fit([0.1f, 0.3f, 0.2f, 0.9f, 0.25f], [false, false, false, true, true]).Threshold,
            AnomalyThresholds.Load(s_folder["recorded.json"]).Image);
    }

    [TestMethod]
    public void Bake_writes_a_model_with_its_decision_inside()
    {
        (int code, string output, string error) = Run("bake", Model, s_folder["baked.onnx"]);
        Assert.AreEqual(0, code, error);
        StringAssert.Contains(output, "normalisation baked in");
        Assert.AreEqual("is_anomalous", AnomalyOnnxModel.Open(s_folder["baked.onnx"]).LabelOutputName);
    }

    [TestMethod]
    [DataRow("inspect none.onnx a.png", "none.onnx", DisplayName = "a model that there isn't")]
    [DataRow("inspect MODEL none.png", "none.png", DisplayName = "a picture that there isn't")]
    [DataRow("inspect MODEL a.png --review-from 80", "--review-to", DisplayName = "half of a pair")]
    [DataRow("inspect MODEL DATA/test/cut/000.png --overlays DATA/test/cut", "would be a picture itself", DisplayName = "an overlay in place of its picture")]
    [DataRow("inspect MODEL DATA/test/cut/000.png DATA/test/hole/000.png --overlays DATA/heat", "the overlay of two", DisplayName = "two overlays of one name")]
    [DataRow("evaluate MODEL none", "none", DisplayName = "a folder that there isn't")]
    [DataRow("evaluate MODEL DATA --image-threshold 1", "--pixel-threshold", DisplayName = "half of the thresholds")]
    [DataRow("threshold MODEL DATA --false-alarms 0.1 --deviations 3", "Give one of", DisplayName = "two choices")]
    [DataRow("evaluate MODEL", "folder", DisplayName = "a model without pictures")]
    [DataRow("inspect MODEL DATA/test/cut/000.png --minimum-area 0", "at least 1 pixel", DisplayName = "regions of no pixels")]
    [DataRow("inspect MODEL DATA/test/cut/000.png --minimum-area 9999999", "are looked at", DisplayName = "regions larger than the map")]
    [DataRow("evaluate MODEL DATA --valid-area none.png", "none.png", DisplayName = "a mask that there isn't")]
    [DataRow("evaluate scores.csv --minimum-area 5", "no maps", DisplayName = "regions of recorded scores")]
    [DataRow("threshold scores.parquet --valid-area mask.png", "no maps", DisplayName = "a mask for recorded scores")]
    [DataRow("train none", "none", DisplayName = "no photos")]
    [DataRow("train DATA --side 17", "16", DisplayName = "a side that the network can't halve")]
    [DataRow("verify MODEL none.json", "none.json", DisplayName = "a reference that there isn't")]
    [DataRow("bake MODEL /proc/x.onnx", "/proc", DisplayName = "an output that can't be written")]
    public void What_cannot_be_done_is_one_clear_line_and_an_exit_code(string line, string named)
    {
        (int code, string output, string error) = Run([.. line.Split(' ').Select(word => word.Replace("MODEL", Model).Replace("DATA", Data))]);
        Assert.AreEqual(1, code, error);
        StringAssert.Contains(error, named);
        Assert.DoesNotContain("   at ", error);
        Assert.DoesNotContain("normalised score,", output);
    }

    [TestMethod]
    [DataRow("--help", DisplayName = "help")]
    [DataRow("inspect --help", DisplayName = "help of a command")]
    [DataRow("--version", DisplayName = "the version")]
    [DataRow("[suggest:3] ins", DisplayName = "completion")]
    public void It_explains_itself(string line)
    {
        (int code, string output, _) = Run(line.Split(' '));
        Assert.AreEqual(0, code);
        Assert.IsGreaterThan(3, output.Length);
    }

    internal static JsonElement Json(params string[] args)
    {
        (int code, string output, string error) = Run(args);
        Assert.AreEqual(0, code, error);
        return JsonDocument.Parse(output).RootElement;
    }

    internal static (int Code, string Output, string Error) Run(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = AnomalyTool.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
