using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.ML.OnnxRuntime;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Evaluation;

// BAKED: without a JIT compiler and without ML.NET, learns a threshold, normalises, evaluates, and runs a model with its normalisation baked in.
float[] good = [0.31f, 0.28f, 0.35f, 0.29f, 0.33f, 0.30f, 0.27f, 0.34f, 0.32f, 0.36f], defective = [0.52f, 0.41f, 0.39f];
ThresholdFit fit = ThresholdStrategy.FalsePositiveRate(0.1).Fit(good);
var normalizer = new ScoreNormalizer(fit.Threshold);

var images = new ImageEvaluator();
foreach (float score in good)
    images.Add(normalizer.Normalize(score), isAnomalous: false);
foreach (float score in defective)
    images.Add(normalizer.Normalize(score), isAnomalous: true);
ImageMetrics image = images.Compute();

var pixels = new PixelEvaluator();
pixels.Add([10, 20, 30, 120, 130, 40, 20, 10, 5], [0, 0, 0, 1, 1, 0, 0, 0, 0], height: 3, width: 3);
PixelMetrics pixel = pixels.Compute();
Console.WriteLine(FormattableString.Invariant(
    $"threshold {fit.Threshold:F3}, image AUROC {image.AreaUnderRocCurve:F3}, pixel AUROC {pixel.AreaUnderRocCurve:F3}, AUPRO {pixel.AreaUnderPerRegionOverlap:F3}"));

using var session = new InferenceSession(args[0]);
byte[] picture = [.. Enumerable.Range(0, 192 * 192 * 3).Select(i => (byte)(i * 7))];
using OrtValue input = OrtValue.CreateTensorValueFromMemory(picture, [1, 192, 192, 3]);
using var options = new RunOptions();
using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
    options, new Dictionary<string, OrtValue> { ["image"] = input }, ["score", "normalized_score", "is_anomalous"]);
float raw = outputs[0].GetTensorDataAsSpan<float>()[0], normalized = outputs[1].GetTensorDataAsSpan<float>()[0];
bool isAnomalous = outputs[2].GetTensorDataAsSpan<bool>()[0];
var baked = new ScoreNormalizer(double.Parse(session.ModelMetadata.CustomMetadataMap["image_threshold"], CultureInfo.InvariantCulture));
Console.WriteLine(FormattableString.Invariant($"raw {raw:F3}, baked {normalized:F1}, normalised here {baked.Normalize(raw):F1}, {(isAnomalous ? "anomalous" : "normal")}"));

bool isSame = BitConverter.SingleToInt32Bits(normalized) == BitConverter.SingleToInt32Bits(baked.Normalize(raw)) && isAnomalous == baked.IsAnomalous(raw);
return !RuntimeFeature.IsDynamicCodeSupported && isSame && image.AreaUnderRocCurve == 1 && pixel.AreaUnderRocCurve == 1 ? 0 : 1;
