using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;

namespace ModelBuilder;

public partial class PumpModel
{
    public const string RetrainFilePath = "artifacts/ModelBuilder/readings.csv";
    public const char RetrainSeparatorChar = ',';
    public const bool RetrainHasHeader = true;
    public const bool RetrainAllowQuoting = false;

    /// <summary>Trains the classifier and saves it.</summary>
    /// <param name="outputModelPath">Where the model goes.</param>
    /// <param name="inputDataFilePath">The readings to learn from.</param>
    /// <param name="separatorChar">What stands between the columns.</param>
    /// <param name="hasHeader">Whether the first line names the columns.</param>
    /// <param name="allowQuoting">Whether a value may stand in quotation marks.</param>
    public static void Train(
        string outputModelPath, string inputDataFilePath = RetrainFilePath, char separatorChar = RetrainSeparatorChar,
        bool hasHeader = RetrainHasHeader, bool allowQuoting = RetrainAllowQuoting)
    {
        var mlContext = new MLContext();
        IDataView data = LoadIDataViewFromFile(mlContext, inputDataFilePath, separatorChar, hasHeader, allowQuoting);
        ITransformer model = RetrainModel(mlContext, data);
        SaveModel(mlContext, model, data, outputModelPath);
    }

    public static IDataView LoadIDataViewFromFile(
        MLContext mlContext, string inputDataFilePath, char separatorChar, bool hasHeader, bool allowQuoting)
        => mlContext.Data.LoadFromTextFile<ModelInput>(inputDataFilePath, separatorChar, hasHeader, allowQuoting: allowQuoting);

    public static void SaveModel(MLContext mlContext, ITransformer model, IDataView data, string modelSavePath)
    {
        using FileStream stream = File.Create(modelSavePath);
        mlContext.Model.Save(model, data.Schema, stream);
    }

    public static ITransformer RetrainModel(MLContext mlContext, IDataView trainData) => BuildPipeline(mlContext).Fit(trainData);

    /// <summary>From sensors to a score for each condition.</summary>
    public static IEstimator<ITransformer> BuildPipeline(MLContext mlContext)
        => mlContext.Transforms
            .ReplaceMissingValues(
            [
                new InputOutputColumnPair("Speed", "Speed"), new InputOutputColumnPair("Flow", "Flow"),
                new InputOutputColumnPair("Pressure", "Pressure"), new InputOutputColumnPair("Current", "Current"),
                new InputOutputColumnPair("Vibration", "Vibration"), new InputOutputColumnPair("Temperature", "Temperature"),
            ])
            .Append(mlContext.Transforms.Concatenate("Features", "Speed", "Flow", "Pressure", "Current", "Vibration", "Temperature"))
            .Append(mlContext.Transforms.Conversion.MapValueToKey("Condition", "Condition", addKeyValueAnnotationsAsText: false))
            .Append(mlContext.MulticlassClassification.Trainers.OneVersusAll(
                mlContext.BinaryClassification.Trainers.FastTree(new FastTreeBinaryTrainer.Options
                {
                    NumberOfLeaves = 16,
                    MinimumExampleCountPerLeaf = 10,
                    NumberOfTrees = 100,
                    MaximumBinCountPerFeature = 254,
                    FeatureFraction = 1,
                    LearningRate = 0.1,
                    LabelColumnName = "Condition",
                    FeatureColumnName = "Features",
                    DiskTranspose = false,
                }),
                labelColumnName: "Condition"))
            .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel", "PredictedLabel"));
}
