using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;

namespace ModelBuilder;

public partial class PumpModel
{
    public const string RetrainFilePath = "artifacts/ModelBuilder/readings.csv";
    public const char RetrainSeparatorChar = ',';
    public const bool RetrainHasHeader = true;

    /// <summary>Trains the model and saves it as one file of stock ML.NET components.</summary>
    /// <param name="outputModelPath">Where the model goes; its folder is made if need be.</param>
    /// <param name="inputDataFilePath">The readings to learn from.</param>
    /// <param name="separatorChar">What stands between the columns.</param>
    /// <param name="hasHeader">Whether the first line names the columns.</param>
    public static void Train(
        string outputModelPath,
        string inputDataFilePath = RetrainFilePath,
        char separatorChar = RetrainSeparatorChar,
        bool hasHeader = RetrainHasHeader)
    {
        var mlContext = new MLContext(seed: 0);
        IDataView data = LoadIDataViewFromFile(mlContext, inputDataFilePath, separatorChar, hasHeader);
        SaveModel(mlContext, RetrainModel(mlContext, data), data, outputModelPath);
    }

    public static IDataView LoadIDataViewFromFile(MLContext mlContext, string inputDataFilePath, char separatorChar, bool hasHeader)
        => mlContext.Data.LoadFromTextFile<ModelInput>(inputDataFilePath, separatorChar, hasHeader);

    public static void SaveModel(MLContext mlContext, ITransformer model, IDataView data, string modelSavePath)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(modelSavePath))!);

        // Whole or not at all: half a model would be taken for a whole one at the next start.
        mlContext.Model.SaveAnomalyModel(model, data.Schema, modelSavePath);
    }

    /// <summary>Learns from one part of the good readings what is usual, and the threshold from scores of the others.</summary>
    /// <remarks>
    /// The readings that a model was fitted to score lower than new ones do, so that a threshold from them would promise too much.
    /// </remarks>
    public static ITransformer RetrainModel(MLContext mlContext, IDataView trainData)
    {
        IDataView good = mlContext.Data.FilterByCustomPredicate<ModelInput>(trainData, filterPredicate: reading => reading.IsFaulty);
        DataOperationsCatalog.TrainTestData split = mlContext.Data.TrainTestSplit(good, testFraction: 0.5);
        TransformerChain<ITransformer> scorer = BuildPipeline(mlContext).Fit(split.TrainSet);
        return scorer.Append<ITransformer>(BuildNormalizer(mlContext).Fit(scorer.Transform(split.TestSet)));
    }

    /// <summary>From sensors to a raw score: how far a reading is from what its sensors usually do together.</summary>
    public static EstimatorChain<ITransformer> BuildPipeline(MLContext mlContext)
        => new EstimatorChain<ITransformer>()
            .Append(mlContext.Transforms.ReplaceMissingValues([.. Sensors.Select(sensor => new InputOutputColumnPair(sensor))]))
            .Append(mlContext.Transforms.Concatenate("Features", Sensors))
            .Append(mlContext.Transforms.NormalizeMinMax("Features"))
            .Append<ITransformer>(mlContext.AnomalyDetection.Trainers.RandomizedPca(rank: 3, ensureZeroMean: false, seed: 0));

    /// <summary>
    /// From the raw score to one on which 100 is the threshold: a good reading is taken for faulty with a probability of at most 1 %.
    /// </summary>
    public static AnomalyNormalizationEstimator BuildNormalizer(MLContext mlContext)
        => mlContext.Transforms.NormalizeAnomaly(
            ThresholdStrategy.FalsePositiveRate(0.01),
            new AnomalyNormalizationOptions { LabelColumnName = nameof(ModelInput.IsFaulty) });

    private static readonly string[] Sensors =
    [
        nameof(ModelInput.Speed), nameof(ModelInput.Flow), nameof(ModelInput.Pressure),
        nameof(ModelInput.Current), nameof(ModelInput.Vibration), nameof(ModelInput.Temperature),
    ];
}
