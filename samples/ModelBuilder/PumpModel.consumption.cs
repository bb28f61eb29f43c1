using Microsoft.ML;
using Microsoft.ML.Data;

namespace ModelBuilder;

/// <summary>Tells from the sensors of a pump whether something is wrong with it.</summary>
public partial class PumpModel
{
    /// <summary>One reading of all sensors.</summary>
    public class ModelInput
    {
        /// <summary>In revolutions per minute.</summary>
        [LoadColumn(0)]
        public float Speed { get; set; }

        /// <summary>In cubic metres per hour.</summary>
        [LoadColumn(1)]
        public float Flow { get; set; }

        /// <summary>At the outlet, in bar.</summary>
        [LoadColumn(2)]
        public float Pressure { get; set; }

        /// <summary>Of the motor, in ampere.</summary>
        [LoadColumn(3)]
        public float Current { get; set; }

        /// <summary>Of the bearing, in millimetres per second.</summary>
        [LoadColumn(4)]
        public float Vibration { get; set; }

        /// <summary>Of the bearing, in degrees Celsius.</summary>
        [LoadColumn(5)]
        public float Temperature { get; set; }

        /// <summary>What turned out later; read in training and evaluation only.</summary>
        [LoadColumn(6)]
        public bool IsFaulty { get; set; }
    }

    public class ModelOutput
    {
        /// <summary>The trainer's own number, 0..1.</summary>
        public float Score { get; set; }

        /// <summary>The same on the scale on which 100 is the threshold, 0..1000.</summary>
        public float NormalizedScore { get; set; }

        /// <summary>Whether <see cref="NormalizedScore"/> is 100 or more.</summary>
        public bool PredictedLabel { get; set; }
    }

    public static readonly Lazy<PredictionEngine<ModelInput, ModelOutput>> PredictEngine = new(CreatePredictEngine, isThreadSafe: true);

    public static readonly string MLNetModelPath = Path.GetFullPath("artifacts/ModelBuilder/PumpModel.mlnet");

    /// <summary>Judges one reading. A prediction engine serves one thread at a time.</summary>
    public static ModelOutput Predict(ModelInput input) => PredictEngine.Value.Predict(input);

    /// <summary>
    /// Loads the model. It is trained first if it isn't there, and what it learns from is drawn if that isn't there either.
    /// </summary>
    public static ITransformer LoadModel(MLContext mlContext)
    {
        if (!File.Exists(RetrainFilePath))
            PumpReadings.Save(RetrainFilePath, seed: 1, good: 4000, faulty: 40);
        if (!File.Exists(MLNetModelPath))
            Train(MLNetModelPath);
        return mlContext.Model.LoadAnomalyModel(MLNetModelPath, out _);
    }

    private static PredictionEngine<ModelInput, ModelOutput> CreatePredictEngine()
    {
        var mlContext = new MLContext();
        return mlContext.Model.CreatePredictionEngine<ModelInput, ModelOutput>(LoadModel(mlContext));
    }
}
