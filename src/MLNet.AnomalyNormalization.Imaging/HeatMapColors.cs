namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>Which colours a heat map has.</summary>
public enum HeatMapColors
{
    /// <summary>
    /// From dark blue by purple and orange to light yellow, in perceptually even steps: lightness always rises, so that the map is also
    /// read in grey and by colour-blind people.
    /// </summary>
    Even,

    /// <summary>
    /// Blue, cyan, green, yellow, red: the colours of quadra, for comparison with its pictures. Its bright bands suggest steps that are
    /// not in the data.
    /// </summary>
    Jet,
}
