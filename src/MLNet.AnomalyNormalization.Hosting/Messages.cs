using Microsoft.Extensions.Logging;

namespace MLNet.AnomalyNormalization.Hosting;

/// <summary>What is written to the log.</summary>
internal static partial class Messages
{
    [LoggerMessage(1, LogLevel.Information,
        "Inspector '{Name}' now runs '{Model}'; 100 stands for {ImageThreshold} of an image and {PixelThreshold} of a pixel.")]
    public static partial void ModelReloaded(this ILogger logger, string name, string model, double imageThreshold, double pixelThreshold);

    [LoggerMessage(2, LogLevel.Error, "Inspector '{Name}' goes on with the former model: the new one, or its options, can't be used.")]
    public static partial void ModelRefused(this ILogger logger, Exception problem, string name);
}
