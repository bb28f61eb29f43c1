namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>Which neighbours join two defect pixels of a mask into one region.</summary>
public enum RegionConnectivity
{
    /// <summary>All eight neighbours, diagonal ones too, as in the evaluation code of MVTec AD.</summary>
    Eight,

    /// <summary>The four neighbours left, right, above and below.</summary>
    Four,
}
