namespace MLNet.AnomalyNormalization.Onnx.Scoring;

/// <summary>Where OnnxRuntime runs a model.</summary>
/// <param name="Provider">What runs it.</param>
/// <param name="DeviceId">Which one, where there are several.</param>
/// <param name="Threads">How many threads the CPU's part takes; null for one a core.</param>
internal readonly record struct OnnxDevice(ExecutionProvider Provider, int DeviceId = 0, int? Threads = null)
{
    /// <summary>A CUDA device, or the CPU for null, as ML.NET's options have it.</summary>
    public static OnnxDevice Of(int? gpuDeviceId) => gpuDeviceId is { } device ? new(ExecutionProvider.Cuda, device) : default;
}
