using Microsoft.ML;

namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>A model that a silo has loaded.</summary>
/// <param name="Transformer">The model.</param>
/// <param name="Input">What it reads; null if it was saved without that.</param>
internal sealed record FleetModel(ITransformer Transformer, DataViewSchema? Input);
