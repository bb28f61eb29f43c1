using System.Reflection;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;

namespace ModelBuilder.Tests;

[TestClass]
public sealed class PumpModelTests
{
    private static TemporaryFolder Folder = null!;

    private static string ModelPath => Folder["PumpModel.mlnet"];

    [ClassInitialize]
    public static void Train(TestContext context)
    {
        Folder = new TemporaryFolder();
        PumpReadings.Save(Folder["readings.csv"], seed: 11, good: 2000, faulty: 150);
        PumpReadings.Save(Folder["test.csv"], seed: 12, good: 1000, faulty: 150);
        PumpModel.TrainNormalized(ModelPath, Folder["readings.csv"]);
    }

    [ClassCleanup]
    public static void Clean() => Folder.Dispose();

    [TestMethod]
    public void New_faults_are_found_and_few_good_readings_raise_an_alarm()
    {
        ImageMetrics metrics = PumpModel.EvaluateNormalized(ModelPath, Folder["test.csv"]);
        Assert.AreEqual(1150, metrics.Counts.Total);
        Assert.IsGreaterThanOrEqualTo(0.97, metrics.AreaUnderRocCurve);
        Assert.IsGreaterThanOrEqualTo(0.9, metrics.Recall);

        // 1 % is promised; four deviations of the binomial count are allowed on top.
        Assert.IsLessThanOrEqualTo(10 + 13, metrics.Counts.FalsePositives);
    }

    [TestMethod]
    public void Over_many_trainings_good_readings_raise_no_more_alarms_than_promised()
    {
        const int trainings = 6, good = 400, fresh = 4000;
        double alarms = 0;
        for (int seed = 100; seed < 100 + trainings; seed++)
        {
            PumpReadings.Save(Folder["few.csv"], seed, good, faulty: 60);
            PumpReadings.Save(Folder["fresh.csv"], seed + 1000, fresh, faulty: 3);
            PumpModel.TrainNormalized(Folder["few.mlnet"], Folder["few.csv"]);
            alarms += PumpModel.EvaluateNormalized(Folder["few.mlnet"], Folder["fresh.csv"]).Counts.FalsePositives;
        }

        // Four deviations of the mean of so many thresholds, each the quantile of so many scores, on top of the 1 % that is promised.
        double rate = alarms / (trainings * fresh);
        Console.WriteLine($"{rate:P2} of new good readings");
        Assert.IsLessThanOrEqualTo(0.01 + (4 * Math.Sqrt(0.01 * 0.99 / good / trainings)), rate);
    }

    [TestMethod]
    public void What_the_generated_code_loads_is_the_classifier_that_it_would_have_trained_itself()
    {
        PumpModel.Train(Folder["plain.mlnet"], Folder["readings.csv"]);
        PumpModel.ModelOutput[] expected = [.. Outputs<PumpModel.ModelOutput>(new MLContext().Model.Load(Folder["plain.mlnet"], out _))];
        PumpModel.ModelOutput[] actual = [.. Outputs<PumpModel.ModelOutput>(new MLContext().Model.Load(ModelPath, out _))];
        Assert.HasCount(1150, expected);
        foreach ((PumpModel.ModelOutput left, PumpModel.ModelOutput right) in expected.Zip(actual))
        {
            CollectionAssert.AreEqual(left.Score, right.Score);
            Assert.AreEqual(left.PredictedLabel, right.PredictedLabel);
        }
    }

    [TestMethod]
    public void The_saved_model_gives_the_same_bits_with_stock_ML_NET_alone()
    {
        var mlContext = new MLContext();
        ITransformer stock = mlContext.Model.Load(ModelPath, out _);
        ITransformer ours = mlContext.Model.LoadAnomalyModel(ModelPath, out _);
        Assert.IsNotNull(ours.FindAnomalyNormalization());
        Assert.IsNull(stock.FindAnomalyNormalization());

        PumpModel.NormalizedOutput[] expected = [.. Outputs<PumpModel.NormalizedOutput>(ours)];
        PumpModel.NormalizedOutput[] actual = [.. Outputs<PumpModel.NormalizedOutput>(stock)];
        Assert.HasCount(1150, expected);
        foreach ((PumpModel.NormalizedOutput left, PumpModel.NormalizedOutput right) in expected.Zip(actual))
        {
            Assert.AreEqual(
                BitConverter.SingleToInt32Bits(left.NormalizedScore.Single()), BitConverter.SingleToInt32Bits(right.NormalizedScore.Single()));
            Assert.AreEqual(left.NormalizedScore[0] >= 100, left.IsAnomalous.Single());
            Assert.AreEqual(left.IsAnomalous[0], right.IsAnomalous.Single());
        }
    }

    [TestMethod]
    public void The_configuration_names_the_columns_of_the_input_in_their_order_and_the_file_that_is_trained_from()
    {
        string path = Path.Combine(Repository.Root, "samples", "ModelBuilder", "PumpModel.mbconfig");
        using JsonDocument configuration = JsonDocument.Parse(File.ReadAllText(path));
        Assert.AreEqual("Classification", configuration.RootElement.GetProperty("Scenario").GetString());
        Assert.AreEqual("Condition", configuration.RootElement.GetProperty("TrainingOption").GetProperty("LabelColumn").GetString());
        JsonElement source = configuration.RootElement.GetProperty("DataSource");
        Assert.AreEqual(PumpModel.RetrainFilePath, source.GetProperty("FilePath").GetString());
        Assert.AreEqual(PumpModel.RetrainSeparatorChar.ToString(), source.GetProperty("Delimiter").GetString());
        Assert.AreEqual(PumpModel.RetrainHasHeader, source.GetProperty("HasHeader").GetBoolean());
        Assert.AreEqual(PumpModel.RetrainAllowQuoting, source.GetProperty("AllowQuoting").GetBoolean());

        string[] columns = [.. source.GetProperty("ColumnProperties").EnumerateArray().Select(column =>
            $"{column.GetProperty("ColumnName")} {column.GetProperty("ColumnDataFormat")} {column.GetProperty("ColumnPurpose")}")];
        PropertyInfo[] properties = typeof(PumpModel.ModelInput).GetProperties();
        string[] expected = [.. properties.Select(property =>
            $"{property.Name} {property.PropertyType.Name} {(property.PropertyType == typeof(string) ? "Label" : "Feature")}")];
        CollectionAssert.AreEqual(expected, columns);
        Assert.AreEqual(string.Join(',', properties.Select(property => property.Name)), File.ReadLines(Folder["readings.csv"]).First());
        Assert.IsTrue(properties.All(property => property.GetCustomAttribute<LoadColumnAttribute>() is not null));
    }

    private static IEnumerable<T> Outputs<T>(ITransformer model)
        where T : class, new()
    {
        var mlContext = new MLContext();
        IDataView data = PumpModel.LoadIDataViewFromFile(mlContext, Folder["test.csv"], separatorChar: ',', hasHeader: true, allowQuoting: false);
        return mlContext.Data.CreateEnumerable<T>(model.Transform(data), reuseRowObject: false);
    }
}
