using Microsoft.ML.OnnxRuntime;

namespace MLNet.AnomalyNormalization.Onnx.Scoring;

/// <summary>Sessions of OnnxRuntime, with the errors of a missing runtime in our own words.</summary>
internal static class OnnxSession
{
    /// <summary>Makes a session of a model in memory.</summary>
    /// <param name="model">The model.</param>
    /// <param name="device">What runs it.</param>
    /// <exception cref="InvalidOperationException">The native runtime is missing, or can't use the device; the message names the package.</exception>
    /// <exception cref="OnnxRuntimeException">The model is refused.</exception>
    public static InferenceSession Create(byte[] model, OnnxDevice device)
    {
        try
        {
            // What a model warns of (a threshold that is also an input, a missing optimisation) is nothing that a caller could mend.
            using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
            if (device.Threads is { } threads)
                options.IntraOpNumThreads = threads;
            Append(options, device);
            return new(model, options);
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException)
        {
            throw new InvalidOperationException(
                "The native library of OnnxRuntime is missing. Add one of the packages Microsoft.ML.OnnxRuntime (CPU), "
                + "Microsoft.ML.OnnxRuntime.Gpu (CUDA) or Microsoft.ML.OnnxRuntime.DirectML (Windows) to the program.", e);
        }
    }

    private static void Append(SessionOptions options, OnnxDevice device)
    {
        try
        {
            switch (device.Provider)
            {
                case ExecutionProvider.Cuda:
                    options.AppendExecutionProvider_CUDA(device.DeviceId);
                    break;
                case ExecutionProvider.DirectML:
                    // It takes neither: https://onnxruntime.ai/docs/execution-providers/DirectML-ExecutionProvider.html
                    options.EnableMemoryPattern = false;
                    options.ExecutionMode = ExecutionMode.ORT_SEQUENTIAL;
                    options.AppendExecutionProvider_DML(device.DeviceId);
                    break;
                case ExecutionProvider.OpenVino:
                    options.AppendExecutionProvider_OpenVINO();
                    break;
                case ExecutionProvider.CoreML:
                    options.AppendExecutionProvider_CoreML();
                    break;
            }
        }
        catch (Exception e) when (e is EntryPointNotFoundException or OnnxRuntimeException or NotSupportedException)
        {
            throw new InvalidOperationException(
                $"OnnxRuntime can't use {device.Provider} device {device.DeviceId}: {e.Message.TrimEnd('.')}. "
                + $"Reference {PackageOf(device.Provider)}, or use the CPU.", e);
        }
    }

    private static string PackageOf(ExecutionProvider provider)
        => provider switch
        {
            ExecutionProvider.Cuda => "Microsoft.ML.OnnxRuntime.Gpu in place of Microsoft.ML.OnnxRuntime",
            ExecutionProvider.DirectML => "Microsoft.ML.OnnxRuntime.DirectML in place of Microsoft.ML.OnnxRuntime, on Windows",
            ExecutionProvider.OpenVino => "Intel.ML.OnnxRuntime.OpenVino in place of Microsoft.ML.OnnxRuntime",
            _ => "Microsoft.ML.OnnxRuntime, on macOS",
        };
}
