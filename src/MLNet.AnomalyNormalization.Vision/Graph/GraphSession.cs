using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Onnx.Scoring;

namespace MLNet.AnomalyNormalization.Vision.Graph;

/// <summary>Runs one of the graphs of <see cref="PatchCoreGraph"/> on photos.</summary>
internal sealed class GraphSession(ModelProto model, int? gpuDeviceId) : IDisposable
{
    private readonly RunOptions _run = new();
    private readonly InferenceSession _session = OnnxSession.Create(model.ToByteArray(), OnnxDevice.Of(gpuDeviceId));

    /// <summary>Runs the graph and gives its outputs, in their order, to a function; they are gone when it returns.</summary>
    public T Run<T>(RgbPicture photo, Func<IReadOnlyList<OrtValue>, T> read)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, photo.Bytes, [1, photo.Height, photo.Width, RgbPicture.Channels]);
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(
            _run, [PatchCoreGraph.ImageInput], [input], _session.OutputNames);
        return read(outputs);
    }

    public void Dispose()
    {
        _session.Dispose();
        _run.Dispose();
    }
}
