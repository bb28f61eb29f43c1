using Microsoft.ML.OnnxRuntime;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>Sessions of OnnxRuntime, with the errors of a missing runtime in our own words.</summary>
internal static class OnnxSession
{
    /// <summary>Makes a session of a model in memory.</summary>
    /// <param name="model">The model.</param>
    /// <param name="gpuDeviceId">The CUDA device; null for the CPU.</param>
    /// <exception cref="InvalidOperationException">The native runtime is missing, or can't use the device; the message names the package.</exception>
    /// <exception cref="OnnxRuntimeException">The model is refused.</exception>
    public static InferenceSession Create(byte[] model, int? gpuDeviceId)
    {
        try
        {
            // What a model warns of (a threshold that is also an input, a missing optimisation) is nothing that a caller could mend.
            using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
            if (gpuDeviceId is { } device)
                AddGpu(options, device);
            return new(model, options);
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException)
        {
            throw new InvalidOperationException(
                "The native library of OnnxRuntime is missing. Add one of the packages Microsoft.ML.OnnxRuntime (CPU), "
                + "Microsoft.ML.OnnxRuntime.Gpu (CUDA) or Microsoft.ML.OnnxRuntime.DirectML (Windows) to the program.", e);
        }
    }

    private static void AddGpu(SessionOptions options, int device)
    {
        try
        {
            options.AppendExecutionProvider_CUDA(device);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or OnnxRuntimeException)
        {
            throw new InvalidOperationException(
                $"OnnxRuntime can't use CUDA device {device}: {e.Message.TrimEnd('.')}. "
                + "Reference Microsoft.ML.OnnxRuntime.Gpu in place of Microsoft.ML.OnnxRuntime, or set no GpuDeviceId.", e);
        }
    }
}
