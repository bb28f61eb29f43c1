using Microsoft.ML;
using Microsoft.ML.Data;

namespace ModelBuilder;

/// <summary>Tells from the sensors of a pump what is wrong with it.</summary>
public partial class PumpModel
{
    /// <summary>One reading of all sensors.</summary>
    public class ModelInput
    {
        /// <summary>In revolutions per minute.</summary>
        [LoadColumn(0)]
        [ColumnName("Speed")]
        public float Speed { get; set; }

        /// <summary>In cubic metres per hour.</summary>
        [LoadColumn(1)]
        [ColumnName("Flow")]
        public float Flow { get; set; }

        /// <summary>At the outlet, in bar.</summary>
        [LoadColumn(2)]
        [ColumnName("Pressure")]
        public float Pressure { get; set; }

        /// <summary>Of the motor, in ampere.</summary>
        [LoadColumn(3)]
        [ColumnName("Current")]
        public float Current { get; set; }

        /// <summary>Of the bearing, in millimetres per second.</summary>
        [LoadColumn(4)]
        [ColumnName("Vibration")]
        public float Vibration { get; set; }

        /// <summary>Of the bearing, in degrees Celsius.</summary>
        [LoadColumn(5)]
        [ColumnName("Temperature")]
        public float Temperature { get; set; }

        /// <summary>What turned out later: "good" or the kind of fault.</summary>
        [LoadColumn(6)]
        [ColumnName("Condition")]
        public string Condition { get; set; } = "";
    }

    /// <summary>A reading with what the classifier says of it.</summary>
    public class ModelOutput
    {
        [ColumnName("Speed")]
        public float Speed { get; set; }

        [ColumnName("Flow")]
        public float Flow { get; set; }

        [ColumnName("Pressure")]
        public float Pressure { get; set; }

        [ColumnName("Current")]
        public float Current { get; set; }

        [ColumnName("Vibration")]
        public float Vibration { get; set; }

        [ColumnName("Temperature")]
        public float Temperature { get; set; }

        [ColumnName("Condition")]
        public uint Condition { get; set; }

        [ColumnName("Features")]
        public float[] Features { get; set; } = [];

        /// <summary>The condition with the highest score.</summary>
        [ColumnName("PredictedLabel")]
        public string PredictedLabel { get; set; } = "";

        /// <summary>A score for each condition, 0..1.</summary>
        [ColumnName("Score")]
        public float[] Score { get; set; } = [];
    }

    public static readonly string MLNetModelPath = Path.GetFullPath("artifacts/ModelBuilder/PumpModel.mlnet");

    public static readonly Lazy<PredictionEngine<ModelInput, ModelOutput>> PredictEngine = new(CreatePredictEngine, true);

    /// <summary>The conditions and their scores, the likeliest first.</summary>
    public static IOrderedEnumerable<KeyValuePair<string, float>> PredictAllLabels(ModelInput input)
        => GetSortedScoresWithLabels(PredictEngine.Value.Predict(input));

    /// <summary>The conditions and their scores in a result, the likeliest first.</summary>
    public static IOrderedEnumerable<KeyValuePair<string, float>> GetSortedScoresWithLabels(ModelOutput result)
        => GetLabels().Zip(result.Score, KeyValuePair.Create).OrderByDescending(score => score.Value);

    /// <summary>Judges one reading. A prediction engine serves one thread at a time.</summary>
    public static ModelOutput Predict(ModelInput input) => PredictEngine.Value.Predict(input);

    private static PredictionEngine<ModelInput, ModelOutput> CreatePredictEngine()
    {
        var mlContext = new MLContext();
        ITransformer mlModel = mlContext.Model.Load(MLNetModelPath, out DataViewSchema _);
        return mlContext.Model.CreatePredictionEngine<ModelInput, ModelOutput>(mlModel);
    }

    private static IEnumerable<string> GetLabels()
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        PredictEngine.Value.OutputSchema["Condition"].GetKeyValues(ref names);
        return names.DenseValues().Select(name => name.ToString());
    }
}
