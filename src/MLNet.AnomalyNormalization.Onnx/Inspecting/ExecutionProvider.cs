namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>What runs a model. Each but the CPU needs a package of OnnxRuntime that has it, in place of Microsoft.ML.OnnxRuntime.</summary>
public enum ExecutionProvider
{
    /// <summary>The processor; the only one that gives the same bits on every machine of its kind.</summary>
    Cpu,

    /// <summary>NVIDIA's GPUs: Microsoft.ML.OnnxRuntime.Gpu.</summary>
    Cuda,

    /// <summary>Any GPU on Windows: Microsoft.ML.OnnxRuntime.DirectML.</summary>
    DirectML,

    /// <summary>Intel's processors and GPUs: Intel.ML.OnnxRuntime.OpenVino.</summary>
    OpenVino,

    /// <summary>Apple's processors: Microsoft.ML.OnnxRuntime on macOS.</summary>
    CoreML,
}
