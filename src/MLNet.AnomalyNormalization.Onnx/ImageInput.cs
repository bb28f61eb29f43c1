namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>The input of a model as one image of a definite size.</summary>
internal sealed record ImageInput(int Channels, int Height, int Width, bool IsChannelLast)
{
    /// <summary>The largest height and width: three channels of that size are what still fits into one array.</summary>
    public const int LargestSide = 16_384;

    // What every layout of the input is checked against: an image has red, green and blue, or brightness alone.
    private static bool IsChannels(long? size) => size is 1 or 3;

    /// <exception cref="ArgumentException">
    /// The input takes no single image, or its size is open and not given, or given as another; the message says what is due.
    /// </exception>
    public static ImageInput Of(AnomalyOnnxModel model, ImagePreprocessing preprocessing, string parameterName)
    {
        if (model.InputCount != 1 || model.InputShape is not [null or 1, var second, var third, var fourth])
            throw Unfit("one input for one image, 4-dimensional, with a batch of 1 or any size");

        bool isChannelLast = !IsChannels(second) && IsChannels(fourth);
        long? channels = isChannelLast ? fourth : second;
        if (channels is not null && !IsChannels(channels))
            throw Unfit("an image of 1 or 3 channels");

        var input = new ImageInput(
            (int)(channels ?? 3),
            Size(isChannelLast ? second : third, preprocessing.Height, "height"),
            Size(isChannelLast ? third : fourth, preprocessing.Width, "width"),
            isChannelLast);
        Require(preprocessing.Mean, "Mean", value => double.IsFinite((float)value));
        Require(preprocessing.StandardDeviation, "StandardDeviation", value => (float)value is > 0 and <= float.MaxValue);
        Require([preprocessing.PixelDivisor], "PixelDivisor", value => (float)value is > 0 and <= float.MaxValue);
        return input;

        ArgumentException Unfit(string expected)
            => new($"'{model.Path}' has {model.InputCount} input(s), '{model.InputName}: "
                + $"{ElementType.Describe(model.InputType, model.InputShape)}'; expected {expected}. "
                + "Export the model so, or use ApplyOnnxModel.",
                nameof(model));

        int Size(long? own, int? given, string name)
            => (own, given) switch
            {
                (null, null) => throw new ArgumentException(
                    $"'{model.Path}' takes images of any {name}. Set Preprocessing to the size that the model was trained on.",
                    parameterName),
                (> LargestSide, _) or (null, < 1 or > LargestSide) => throw new ArgumentException(
                    $"An image of {name} {own ?? given} is not possible; expected 1 to {LargestSide}.", parameterName),
                (not null, not null) when own != given => throw new ArgumentException(
                    $"'{model.Path}' takes images of {name} {own}, but {name} {given} is asked for. "
                        + "Set Preprocessing without a size, or to this one.",
                    parameterName),
                _ => (int)(own ?? given)!,
            };

        void Require(IReadOnlyList<double> values, string name, Predicate<double> isValid)
        {
            if ((values.Count != 1 && values.Count != input.Channels) || !values.All(value => isValid(value)))
            {
                throw new ArgumentException(
                    $"{name} is [{string.Join(", ", values)}]; "
                        + $"expected one number for each of the {input.Channels} channels, or one for all.",
                    parameterName);
            }
        }
    }
}
