using Microsoft.ML.OnnxRuntime;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

/// <summary>Runs a model in OnnxRuntime with its default settings.</summary>
internal sealed class Runtime(string path) : IDisposable
{
    private readonly RunOptions _options = new();

    public InferenceSession Session { get; } = new(path);

    /// <summary>The values of one output for the given inputs: arrays with their dimensions, by the name of the input.</summary>
    public T[] Run<T>(string output, params (string Name, Array Values, long[] Shape)[] inputs)
        where T : unmanaged
        => Run<T>(output, out _, inputs);

    public T[] Run<T>(string output, out long[] shape, params (string Name, Array Values, long[] Shape)[] inputs)
        where T : unmanaged
    {
        OrtValue[] values = [.. inputs.Select(input => input.Values switch
        {
            float[] singles => OrtValue.CreateTensorValueFromMemory(singles, input.Shape),
            byte[] bytes => OrtValue.CreateTensorValueFromMemory(bytes, input.Shape),
            double[] doubles => OrtValue.CreateTensorValueFromMemory(doubles, input.Shape),
            Half[] halves => OrtValue.CreateTensorValueFromMemory(
                Array.ConvertAll(halves, half => new Float16(BitConverter.HalfToUInt16Bits(half))), input.Shape),
            var other => throw new ArgumentException($"{other.GetType()}"),
        })];
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> results = Session.Run(
                _options, [.. inputs.Select(input => input.Name)], values, [output]);
            shape = results[0].GetTensorTypeAndShape().Shape;
            return typeof(T) == typeof(Half)
                ? (T[])(object)results[0].GetTensorDataAsSpan<Float16>().ToArray()
                    .Select(value => BitConverter.UInt16BitsToHalf(value.value)).ToArray()
                : results[0].GetTensorDataAsSpan<T>().ToArray();
        }
        finally
        {
            // Whoever lets go of them may lose them while the model runs.
            foreach (OrtValue value in values)
                value.Dispose();
        }
    }

    public void Dispose()
    {
        Session.Dispose();
        _options.Dispose();
    }
}
