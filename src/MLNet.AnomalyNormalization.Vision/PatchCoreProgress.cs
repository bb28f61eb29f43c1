namespace MLNet.AnomalyNormalization.Vision;

/// <summary>What the trainer does, in this order.</summary>
public enum PatchCoreStage
{
    /// <summary>Photos are read and described.</summary>
    Features,

    /// <summary>Patches are chosen, for the model of each fold and for the final one.</summary>
    Bank,

    /// <summary>Photos are scored by models that have not seen them.</summary>
    Thresholds,
}

/// <summary>How far a training is.</summary>
/// <param name="Stage">What is done now.</param>
/// <param name="Done">The photos, or patches, that are done in this stage.</param>
/// <param name="Total">How many there are; null while that isn't known.</param>
public readonly record struct PatchCoreProgress(PatchCoreStage Stage, int Done, int? Total);
