using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Evaluation;

namespace ModelBuilder;

/// <remarks>
/// All that is added to what Model Builder generates, in a file that it does not write over. The class with the highest score promises nothing
/// about false alarms; 100 does.
/// </remarks>
public partial class PumpModel
{
    /// <summary>A reading with what the classifier says of it, and how far it is from being good.</summary>
    public class NormalizedOutput : ModelOutput
    {
        /// <summary>One number, 0..1000, on the scale on which 100 is the threshold.</summary>
        [ColumnName("NormalizedScore")]
        public float[] NormalizedScore { get; set; } = [];

        /// <summary>Whether that number is 100 or more.</summary>
        [ColumnName("IsAnomalous")]
        public bool[] IsAnomalous { get; set; } = [];
    }

    public static readonly Lazy<PredictionEngine<ModelInput, NormalizedOutput>> NormalizedPredictEngine = new(CreateNormalizedPredictEngine, true);

    /// <summary>
    /// Trains the classifier, with a threshold at which a good reading is taken for faulty with a probability of at most 1 %. It is learned from
    /// readings that the models which scored them had not seen.
    /// </summary>
    /// <param name="outputModelPath">Where the model goes; the generated code reads it too.</param>
    /// <param name="inputDataFilePath">The readings to learn from.</param>
    public static void TrainNormalized(string outputModelPath, string inputDataFilePath = RetrainFilePath)
    {
        var mlContext = new MLContext(seed: 0);
        IDataView data = LoadIDataViewFromFile(mlContext, inputDataFilePath, RetrainSeparatorChar, RetrainHasHeader, RetrainAllowQuoting);
        IEstimator<ITransformer> detector = BuildPipeline(mlContext)
            .Append(mlContext.Transforms.MapClassScoresToAnomalyScore("AnomalyScore", normalClass: "good"));
        ITransformer model = mlContext.AnomalyDetection.CalibrateThresholds(
            detector, data, ThresholdStrategy.FalsePositiveRate(0.01), options: new AnomalyNormalizationOptions
            {
                ScoreColumnName = "AnomalyScore",
                LabelColumnName = "Condition",
                PredictedLabelColumnName = "IsAnomalous",
            });

        // Whole or not at all: half a model would be taken for a whole one at the next start.
        mlContext.Model.SaveAnomalyModel(model, data.Schema, outputModelPath);
    }

    /// <summary>Judges one reading. A prediction engine serves one thread at a time.</summary>
    public static NormalizedOutput PredictNormalized(ModelInput input) => NormalizedPredictEngine.Value.Predict(input);

    /// <summary>Measures a model on readings that it has not learned from, at 100.</summary>
    /// <param name="modelPath">The model.</param>
    /// <param name="inputDataFilePath">The readings, with what turned out later.</param>
    public static ImageMetrics EvaluateNormalized(string modelPath, string inputDataFilePath)
    {
        var mlContext = new MLContext();
        IDataView data = LoadIDataViewFromFile(mlContext, inputDataFilePath, RetrainSeparatorChar, RetrainHasHeader, RetrainAllowQuoting);
        IDataView scored = mlContext.Model.LoadAnomalyModel(modelPath, out DataViewSchema? _).Transform(data);
        return mlContext.AnomalyDetection.EvaluateNormalized(scored, new AnomalyEvaluationOptions { LabelColumnName = "Condition" }).Image!;
    }

    private static PredictionEngine<ModelInput, NormalizedOutput> CreateNormalizedPredictEngine()
    {
        var mlContext = new MLContext();
        ITransformer model = mlContext.Model.LoadAnomalyModel(MLNetModelPath, out DataViewSchema? _);
        return mlContext.Model.CreatePredictionEngine<ModelInput, NormalizedOutput>(model);
    }
}
