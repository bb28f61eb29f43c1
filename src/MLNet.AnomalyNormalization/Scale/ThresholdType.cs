namespace MLNet.AnomalyNormalization;

/// <summary>Which of the two thresholds normalises anomaly maps and box scores. Image scores always use the image threshold.</summary>
public enum ThresholdType
{
    /// <summary>The image threshold, <see cref="AnomalyThresholds.Image"/>.</summary>
    Image,

    /// <summary>The pixel threshold, <see cref="AnomalyThresholds.Pixel"/>; the default, as in quadra.</summary>
    Pixel,
}
