using System.Reflection;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Evaluation;

namespace ModelBuilder.Tests;

[TestClass]
public sealed class PumpModelTests
{
    private static TemporaryFolder Folder = null!;

    private static string ModelPath => Folder["model/PumpModel.mlnet"];

    [ClassInitialize]
    public static void Train(TestContext context)
    {
        Folder = new TemporaryFolder();
        PumpReadings.Save(Folder["readings.csv"], seed: 11, good: 4000, faulty: 40);
        PumpReadings.Save(Folder["test.csv"], seed: 12, good: 1000, faulty: 150);
        PumpModel.Train(ModelPath, Folder["readings.csv"]);
    }

    [ClassCleanup]
    public static void Clean() => Folder.Dispose();

    [TestMethod]
    public void New_faults_are_found_and_few_good_readings_raise_an_alarm()
    {
        var mlContext = new MLContext();
        ImageMetrics metrics = PumpModel.Evaluate(mlContext, mlContext.Model.LoadAnomalyModel(ModelPath, out _), Folder["test.csv"]);
        Assert.AreEqual(1150, metrics.Counts.Total);
        Assert.IsGreaterThanOrEqualTo(0.97, metrics.AreaUnderRocCurve);
        Assert.IsGreaterThanOrEqualTo(0.9, metrics.Recall);

        // 1 % is promised; four deviations of the binomial count are allowed on top.
        Assert.IsLessThanOrEqualTo(10 + 13, metrics.Counts.FalsePositives);
    }

    [TestMethod]
    public void The_saved_model_gives_the_same_bits_with_stock_ML_NET_alone()
    {
        var mlContext = new MLContext();
        ITransformer stock = mlContext.Model.Load(ModelPath, out _);
        ITransformer ours = mlContext.Model.LoadAnomalyModel(ModelPath, out _);
        Assert.IsTrue(Components(ours).Any(component => component is AnomalyNormalizationTransformer));
        Assert.IsFalse(Components(stock).Any(component => component is AnomalyNormalizationTransformer));

        PumpModel.ModelOutput[] expected = [.. Outputs(ours)];
        PumpModel.ModelOutput[] actual = [.. Outputs(stock)];
        Assert.HasCount(1150, expected);
        foreach ((PumpModel.ModelOutput left, PumpModel.ModelOutput right) in expected.Zip(actual))
        {
            Assert.AreEqual(BitConverter.SingleToInt32Bits(left.NormalizedScore), BitConverter.SingleToInt32Bits(right.NormalizedScore));
            Assert.AreEqual(left.PredictedLabel, right.PredictedLabel);
            Assert.AreEqual(left.NormalizedScore >= 100, left.PredictedLabel, "the label is ours, not that of the trainer at its 0.5");
        }

        IEnumerable<PumpModel.ModelOutput> Outputs(ITransformer model)
        {
            IDataView data = PumpModel.LoadIDataViewFromFile(mlContext, Folder["test.csv"], separatorChar: ',', hasHeader: true);
            return mlContext.Data.CreateEnumerable<PumpModel.ModelOutput>(model.Transform(data), reuseRowObject: false);
        }

        static IEnumerable<ITransformer> Components(ITransformer model)
            => model is IEnumerable<ITransformer> chain ? chain.SelectMany(Components) : [model];
    }

    [TestMethod]
    public void Training_again_gives_the_same_predictions_and_replaces_the_model()
    {
        PumpModel.Train(Folder["again/PumpModel.mlnet"], Folder["readings.csv"]);
        PumpModel.Train(Folder["again/PumpModel.mlnet"], Folder["readings.csv"]);
        Assert.HasCount(1, Directory.GetFileSystemEntries(Folder["again"]));
        foreach ((string kind, PumpModel.ModelInput reading) in PumpReadings.Kinds(seed: 5))
            Assert.AreEqual(Score(ModelPath, reading), Score(Folder["again/PumpModel.mlnet"], reading), kind);
    }

    [TestMethod]
    public void A_sensor_that_gives_nothing_is_an_anomaly()
    {
        PumpModel.ModelInput reading = PumpReadings.Kinds(seed: 5).First().Reading;
        Assert.IsLessThan(100, Score(ModelPath, reading));
        reading.Vibration = float.NaN;
        Assert.IsGreaterThanOrEqualTo(100, Score(ModelPath, reading));
    }

    [TestMethod]
    public void The_configuration_names_the_columns_of_the_input_in_their_order_and_the_file_that_is_trained_from()
    {
        string path = Path.Combine(Repository.Root, "samples", "ModelBuilder", "PumpModel.mbconfig");
        using JsonDocument configuration = JsonDocument.Parse(File.ReadAllText(path));
        JsonElement source = configuration.RootElement.GetProperty("DataSource");
        Assert.AreEqual(PumpModel.RetrainFilePath, source.GetProperty("FilePath").GetString());
        Assert.AreEqual(PumpModel.RetrainSeparatorChar.ToString(), source.GetProperty("Delimiter").GetString());
        Assert.AreEqual(PumpModel.RetrainHasHeader, source.GetProperty("HasHeader").GetBoolean());

        string[] columns = [.. source.GetProperty("ColumnProperties").EnumerateArray().Select(column =>
            $"{column.GetProperty("ColumnName")} {column.GetProperty("ColumnDataFormat")} {column.GetProperty("ColumnPurpose")}")];
        PropertyInfo[] properties = typeof(PumpModel.ModelInput).GetProperties();
        string[] expected = [.. properties.Select(property =>
            $"{property.Name} {property.PropertyType.Name} {(property.PropertyType == typeof(bool) ? "Label" : "Feature")}")];
        CollectionAssert.AreEqual(expected, columns);
        Assert.AreEqual(string.Join(',', properties.Select(property => property.Name)), File.ReadLines(Folder["readings.csv"]).First());
        Assert.IsTrue(properties.All(property => property.GetCustomAttribute<LoadColumnAttribute>() is not null));
    }

    private static float Score(string modelPath, PumpModel.ModelInput reading)
    {
        var mlContext = new MLContext();
        using PredictionEngine<PumpModel.ModelInput, PumpModel.ModelOutput> engine = mlContext.Model
            .CreatePredictionEngine<PumpModel.ModelInput, PumpModel.ModelOutput>(mlContext.Model.LoadAnomalyModel(modelPath, out _));
        return engine.Predict(reading).NormalizedScore;
    }
}
