namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>What a model said about a few images; index i of each array is image i.</summary>
/// <remarks>Callbacks that change values put new arrays in place and leave the old ones as they are.</remarks>
public sealed class AnomalyBatch
{
    /// <summary>Makes a batch.</summary>
    /// <param name="scores">The score of each image.</param>
    /// <exception cref="ArgumentNullException"><paramref name="scores"/> is null.</exception>
    public AnomalyBatch(float[] scores) => Scores = scores;

    /// <summary>The score of each image; raw unless <see cref="IsNormalized"/>.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public float[] Scores
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value, "scores");
            field = value;
        }
    }

    /// <summary>The anomaly map of each image, or null if the model makes none; raw unless <see cref="IsNormalized"/>.</summary>
    public AnomalyMap[]? Maps { get; set; }

    /// <summary>
    /// For each image the scores of its boxes, none or more, or null if the model finds no boxes; raw unless <see cref="IsNormalized"/>.
    /// </summary>
    public float[][]? BoxScores { get; set; }

    /// <summary>The position of each image in the data, from 0 on; null where nobody knows it.</summary>
    public long[]? RowNumbers { get; set; }

    /// <summary>
    /// The name of each image, from <see cref="AnomalyEvaluationOptions.IdColumnName"/>; null if no column is named.
    /// </summary>
    public string[]? Ids { get; set; }

    /// <summary>Whether each image is anomalous, null for one that nobody knows; null as a whole when predicting, or without a label column.</summary>
    public bool?[]? Labels { get; set; }

    /// <summary>Whether the values are normalised: 100 is the decision threshold. Set by what normalises them.</summary>
    public bool IsNormalized { get; set; }
}
