using MLNet.AnomalyNormalization.Evaluation.State;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>How masks are read; see the options that the values come from.</summary>
internal sealed record MaskRules
{
    /// <summary>What a pixel is in a mask that was read if nobody knows it; normal ones are 0 and defects 1.</summary>
    public const byte Unknown = EvaluationPart.UnknownPixel;

    /// <summary>Whether masks that are images show the whole photo, and are brought to the area and size of their maps.</summary>
    public bool Resize { get; init; }

    /// <summary>The brightness or opacity of an image at which a defect begins; null for half, which a mask then has to reach.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is 0, at which every pixel would be a defect.</exception>
    public byte? Threshold
    {
        get;
        init => field = value is not 0
            ? value
            : throw Refused("MaskThreshold", "At 0 every pixel of a mask would be a defect; the least value is 1.");
    }

    /// <summary>The value of pixels that nobody knows.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is 0, which is that of normal pixels.</exception>
    public double? Ignored
    {
        get;
        init => field = value is not 0
            ? value
            : throw Refused("IgnoredMaskValue", "0 is the value of normal pixels; choose another one.");
    }

    /// <summary>Which area of the photo the maps cover; null for what the map column says.</summary>
    public PictureArea? Area { get; init; }

    /// <summary>Which pixels of the maps count: 0 for those that don't; null for all.</summary>
    public IReadOnlyList<byte>? ValidArea { get; init; }

    /// <summary>Whether a mask that was read can hold <see cref="Unknown"/>, for pixels that nobody knows or that don't count.</summary>
    public bool LeavesOut => Ignored is not null || ValidArea is not null;

    /// <summary>Takes the pixels that nobody knows out of a map and its mask.</summary>
    public static void LeaveOutUnknown<T>(ref ReadOnlySpan<T> map, ref ReadOnlySpan<byte> mask)
    {
        var scores = new T[map.Length];
        var defects = new byte[map.Length];
        int count = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            if (mask[i] != Unknown)
                (scores[count], defects[count++]) = (map[i], mask[i]);
        }

        map = scores.AsSpan(0, count);
        mask = defects.AsSpan(0, count);
    }

    /// <summary>What a value of a mask that is a vector means: 0, 1, or <see cref="Unknown"/>.</summary>
    public byte Read(double value) => value == Ignored ? Unknown : value == 0 ? (byte)0 : (byte)1;

    private static ArgumentOutOfRangeException Refused(string option, string why) => new(option, 0, why);
}
