namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>Where the decision threshold of an evaluation comes from.</summary>
public enum ThresholdOrigin
{
    /// <summary>Nobody said anything else, so that it is 100, the decision of the normalised scale.</summary>
    Scale,

    /// <summary>The transformer that normalised the column left word of where it decides.</summary>
    Column,

    /// <summary>The caller's options.</summary>
    Options,

    /// <summary>A callback set it.</summary>
    Callback,
}
