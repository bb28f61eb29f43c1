using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;

namespace ModelBuilder;

public partial class PumpModel
{
    /// <summary>Measures a model on readings that it has not learned from.</summary>
    /// <param name="mlContext">The context that the model was loaded in.</param>
    /// <param name="model">The model.</param>
    /// <param name="inputDataFilePath">The readings, with what turned out later.</param>
    /// <param name="separatorChar">What stands between the columns.</param>
    /// <param name="hasHeader">Whether the first line names the columns.</param>
    public static ImageMetrics Evaluate(
        MLContext mlContext,
        ITransformer model,
        string inputDataFilePath,
        char separatorChar = RetrainSeparatorChar,
        bool hasHeader = RetrainHasHeader)
    {
        IDataView data = LoadIDataViewFromFile(mlContext, inputDataFilePath, separatorChar, hasHeader);
        AnomalyEvaluation evaluation = mlContext.AnomalyDetection.EvaluateNormalized(
            model.Transform(data), new AnomalyEvaluationOptions { LabelColumnName = nameof(ModelInput.IsFaulty) });
        return evaluation.Image!;
    }
}
