using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Orleans.Stations;

/// <summary>How an evaluator travels between grains: as the state that it writes and reads itself.</summary>
[GenerateSerializer, Alias("MLNet.AnomalyNormalization.ImageEvaluatorSurrogate")]
internal struct ImageEvaluatorSurrogate
{
    [Id(0)]
    public byte[] State;
}

[RegisterConverter]
internal sealed class ImageEvaluatorConverter : IConverter<ImageEvaluator, ImageEvaluatorSurrogate>
{
    public ImageEvaluator ConvertFromSurrogate(in ImageEvaluatorSurrogate surrogate)
        => ImageEvaluator.ReadFrom(new MemoryStream(surrogate.State));

    public ImageEvaluatorSurrogate ConvertToSurrogate(in ImageEvaluator value)
    {
        using var state = new MemoryStream();
        value.WriteTo(state);
        return new() { State = state.ToArray() };
    }
}
