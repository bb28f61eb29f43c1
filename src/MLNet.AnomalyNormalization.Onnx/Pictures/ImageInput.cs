using MLNet.AnomalyNormalization.Onnx.Graphs;

namespace MLNet.AnomalyNormalization.Onnx.Pictures;

/// <summary>The input of a model as one image of a definite size, and how a picture gets there.</summary>
/// <param name="Channels">1 or 3.</param>
/// <param name="ResizedHeight">The height that a picture is resized to.</param>
/// <param name="ResizedWidth">The width that a picture is resized to.</param>
/// <param name="Crop">The part of the resized picture that the model is given; null for all of it.</param>
/// <param name="IsChannelLast">Whether the layout is height x width x channels.</param>
internal sealed record ImageInput(int Channels, int ResizedHeight, int ResizedWidth, PixelArea? Crop, bool IsChannelLast)
{
    /// <summary>The largest height and width: three channels of that size are what still fits into one array.</summary>
    public const int LargestSide = 16_384;

    public int Height => Crop?.Height ?? ResizedHeight;

    public int Width => Crop?.Width ?? ResizedWidth;

    // What every layout of the input is checked against: an image has red, green and blue, or brightness alone.
    private static bool IsChannels(long? size) => size is 1 or 3;

    /// <summary>Whether the layout of an input is height x width x channels.</summary>
    public static bool IsLast(IReadOnlyList<long?>? shape) => shape is [_, var second, _, var fourth] && !IsChannels(second) && IsChannels(fourth);

    /// <exception cref="ArgumentException">
    /// The input takes no single image, or its size is open and not given, or given as another; the message says what is due.
    /// </exception>
    public static ImageInput Of(AnomalyOnnxModel model, ImagePreprocessing preprocessing, string parameterName)
    {
        if (model.InputCount != 1 || model.InputShape is not [null or 1, var second, var third, var fourth])
            throw Unfit("one input for one image, 4-dimensional, with a batch of 1 or any size");

        bool isChannelLast = IsLast(model.InputShape);
        long? channels = isChannelLast ? fourth : second;
        if (channels is not null && !IsChannels(channels))
            throw Unfit("an image of 1 or 3 channels");

        if (preprocessing.CropHeight is null != preprocessing.CropWidth is null)
        {
            throw new ArgumentException(
                $"CropHeight is {Say(preprocessing.CropHeight)}, CropWidth {Say(preprocessing.CropWidth)}; expected both, or neither.", parameterName);
        }

        bool isCropped = preprocessing.CropHeight is not null
            && (preprocessing.CropHeight, preprocessing.CropWidth) != (preprocessing.Height, preprocessing.Width);
        (int height, int rows) = Size(
            isChannelLast ? second : third, preprocessing.Height, model.Picture.Height, preprocessing.CropHeight, "height");
        (int width, int columns) = Size(
            isChannelLast ? third : fourth, preprocessing.Width, model.Picture.Width, preprocessing.CropWidth, "width");
        PixelArea? crop = isCropped
            ? new(Offset(height, rows, preprocessing.Library), Offset(width, columns, preprocessing.Library), rows, columns)
            : null;
        var input = new ImageInput((int)(channels ?? 3), height, width, crop, isChannelLast);
        Require(preprocessing.Mean, "Mean", value => double.IsFinite((float)value));
        Require(preprocessing.StandardDeviation, "StandardDeviation", value => (float)value is > 0 and <= float.MaxValue);
        Require([preprocessing.PixelDivisor], "PixelDivisor", value => (float)value is > 0 and <= float.MaxValue);
        if (!Enum.IsDefined(preprocessing.Interpolation))
            throw new ArgumentException($"There is no interpolation {preprocessing.Interpolation}.", parameterName);
        if (!Enum.IsDefined(preprocessing.Library))
            throw new ArgumentException($"There is no library {preprocessing.Library}.", parameterName);
        return input;

        static string Say(int? size) => size?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none";

        ArgumentException Unfit(string expected)
            => new($"'{model.Path}' has {model.InputCount} input(s), '{model.InputName}: "
                + $"{ElementType.Describe(model.InputType, model.InputShape)}'; expected {expected}. "
                + "Export the model so, or use ApplyOnnxModel.",
                nameof(model));

        // The size that is resized to, and the crop from it, which is what the input has to take.
        (int Resized, int Taken) Size(long? own, int? given, int? ofGraph, int? crop, string name)
        {
            long? resized = given ?? (crop is null ? ofGraph ?? own : null);
            if (resized is null)
            {
                throw new ArgumentException(
                    crop is null
                        ? $"'{model.Path}' takes images of any {name}, and nothing tells the one that it was trained on. Set it in Preprocessing."
                        : $"Preprocessing crops to {name} {crop}, but doesn't say from which {name}. Set both.",
                    parameterName);
            }

            if (resized is < 1 or > LargestSide)
                throw new ArgumentException($"An image of {name} {resized} is not possible; expected 1 to {LargestSide}.", parameterName);
            if (crop is { } part && (part < 1 || part > resized))
                throw new ArgumentException($"A crop of {name} {part} from {resized} is not possible.", parameterName);
            if (own is { } fixedSize && fixedSize != (crop ?? resized))
            {
                throw new ArgumentException(
                    $"'{model.Path}' takes images of {name} {fixedSize}, but {name} {crop ?? resized} is asked for. "
                        + (crop is null && resized > fixedSize
                            ? $"If the model was trained on a crop, set CropHeight and CropWidth of Preprocessing; otherwise set no {name}, or this one."
                            : $"Set Preprocessing without a {name}, or to this one."),
                    parameterName);
            }

            return ((int)resized, crop ?? (int)resized);
        }

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

    /// <summary>Where a centre crop begins.</summary>
    public static int Offset(int size, int crop, ImageLibrary library)
        => library == ImageLibrary.OpenCv
            ? (size - crop) / 2
            : (int)Math.Round((size - crop) / 2.0, MidpointRounding.ToEven);
}
