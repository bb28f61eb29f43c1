using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.Intrinsics;
using System.Text.Json;
using CsCheck;

namespace MLNet.AnomalyNormalization.Tests;

[TestClass]
public sealed class ScoreNormalizerTests
{
    private static readonly double[] Thresholds = [1.24, 0.5, 37.25, 1e-30, 1e30, 0, -0.0, -0.5, -3.25, -1e-6, 100, 1e-44, 5e-324, 1e39];

    [TestMethod]
    public void Every_golden_value_is_reproduced_bit_for_bit_one_by_one_and_as_a_span()
    {
        int compared = 0;
        foreach ((ScoreNormalizer normalizer, JsonElement raw, JsonElement expected, string what) in GoldenCases())
        {
            compared += raw.GetProperty("dtype").GetString() == "float32"
                ? Compare(normalizer, Oracle.Singles(raw), Oracle.Singles(expected), what)
                : Compare(normalizer, Oracle.Doubles(raw), Oracle.Doubles(expected), what);
        }

        Assert.IsGreaterThan(17_000, compared);

        static int Compare<T>(ScoreNormalizer normalizer, T[] raw, T[] expected, string what)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            Same.Bits<T>(expected, Array.ConvertAll(raw, normalizer.Normalize), what);
            var normalized = new T[raw.Length];
            normalizer.Normalize<T>(raw, normalized);
            Same.Bits<T>(expected, normalized, what);
            return raw.Length;
        }
    }

    [TestMethod]
    [DataRow("python_float", DisplayName = "Python's float: double")]
    [DataRow("numpy_float64_0d", DisplayName = "numpy float64: double")]
    [DataRow("torch_float64_0d", DisplayName = "torch float64: double")]
    public void Golden_scalars_are_reproduced(string kind)
    {
        int compared = 0;
        foreach (JsonElement golden in Oracle.Load("normalize.json").GetProperty("scalars").EnumerateArray())
        {
            if (golden.GetProperty("kind").GetString() != kind || !double.IsFinite(Oracle.Number(golden.GetProperty("threshold"))))
                continue;

            var normalizer = new ScoreNormalizer(
                Oracle.Number(golden.GetProperty("threshold")), preserveDecisions: golden.GetProperty("mode").GetString() == "consistent");
            double[] raw = [.. golden.GetProperty("raw").EnumerateArray().Select(Oracle.Number)];
            double[] expected = [.. golden.GetProperty("numpy1").EnumerateArray().Select(Oracle.Number)];
            Same.Bits<double>(expected, Array.ConvertAll(raw, normalizer.Normalize), golden.GetRawText());
            compared += raw.Length;
        }

        Assert.IsGreaterThan(100, compared);
    }

    [TestMethod]
    public void Every_length_and_alignment_in_place_and_out_of_place_gives_the_bits_of_the_scalar()
    {
        foreach (double threshold in (double[])[1.24, 0, -0.5])
        {
            foreach (bool preserve in (bool[])[true, false])
            {
                var normalizer = new ScoreNormalizer(threshold, preserveDecisions: preserve);
                CheckLengths(normalizer, SpecialValues(threshold, 100));
                CheckLengths(normalizer, Array.ConvertAll(SpecialValues(threshold, 100), value => (double)value));
                CheckLengths(normalizer, Array.ConvertAll(SpecialValues(threshold, 100), value => (Half)value));
            }
        }

        static void CheckLengths<T>(ScoreNormalizer normalizer, T[] values)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            T[] expected = Array.ConvertAll(values, normalizer.Normalize);
            T guard = T.CreateChecked(-7);
            for (int start = 0; start <= 17; start++)
            {
                for (int length = 0; length <= 70; length++)
                {
                    var output = new T[values.Length];
                    Array.Fill(output, guard);
                    normalizer.Normalize<T>(values.AsSpan(start, length), output.AsSpan(start));
                    Same.Bits<T>(expected.AsSpan(start, length), output.AsSpan(start, length));
                    Assert.IsTrue(Array.TrueForAll(output[..start], value => value == guard), "before the output");
                    Assert.IsTrue(Array.TrueForAll(output[(start + length)..], value => value == guard), "after the output");

                    T[] inPlace = [.. values];
                    normalizer.Normalize<T>(inPlace.AsSpan(start, length), inPlace.AsSpan(start, length));
                    Same.Bits<T>(expected.AsSpan(start, length), inPlace.AsSpan(start, length));
                    Same.Bits<T>(values.AsSpan(0, start), inPlace.AsSpan(0, start));
                    Same.Bits<T>(values.AsSpan(start + length), inPlace.AsSpan(start + length));
                }
            }
        }
    }

    [TestMethod]
    public void Half_follows_the_definition_with_every_operation_rounded_to_Half()
    {
        foreach (double threshold in (double[])[1.24, 0.5, 37.25, 0, -0.5, -3.25, 1e-30, 1e30])
        {
            foreach (EvaluationThreshold? evaluation in (EvaluationThreshold?[])[null, new(0.4, 80.03), new(2, 1000)])
            {
                foreach (bool preserve in (bool[])[true, evaluation is not null])
                {
                    var normalizer = new ScoreNormalizer(threshold, evaluation, preserve);
                    var all = new Half[65536];
                    for (int bits = 0; bits < all.Length; bits++)
                        all[bits] = BitConverter.UInt16BitsToHalf((ushort)bits);
                    Half[] expected = Array.ConvertAll(all, raw => Definition(raw, threshold, evaluation, preserve));
                    Same.Bits<Half>(expected, Array.ConvertAll(all, normalizer.Normalize), $"threshold {threshold}");
                }
            }
        }
    }

    [TestMethod]
    public void Scalar_and_span_agree_with_the_definition_on_random_bits_of_single()
        => RandomCase(Gen.UInt.Select(BitConverter.UInt32BitsToSingle), seed: "0000KOrdx0N3");

    [TestMethod]
    public void Scalar_and_span_agree_with_the_definition_on_random_bits_of_double()
        => RandomCase(Gen.ULong.Select(BitConverter.UInt64BitsToDouble), seed: "0000KOrdx0N4");

    [TestMethod]
    public void Raw_at_least_the_threshold_is_normalized_at_least_100_for_random_bits_of_single()
        => RandomDecision(Gen.UInt.Select(BitConverter.UInt32BitsToSingle), seed: "0000KOrdx0N5");

    [TestMethod]
    public void Raw_at_least_the_threshold_is_normalized_at_least_100_for_random_bits_of_double()
        => RandomDecision(Gen.ULong.Select(BitConverter.UInt64BitsToDouble), seed: "0000KOrdx0N6");

    [TestMethod]
    public void Raw_at_least_the_threshold_is_normalized_at_least_100_for_every_Half_around_every_threshold()
    {
        for (int bits = 0; bits < 65536; bits += 7)
        {
            Half threshold = BitConverter.UInt16BitsToHalf((ushort)bits);
            if (!Half.IsFinite(threshold))
                continue;

            var normalizer = new ScoreNormalizer((double)threshold);
            for (int step = -3; step <= 3; step++)
            {
                Half raw = BitConverter.UInt16BitsToHalf((ushort)(bits + step));
                Assert.AreEqual(raw >= threshold, normalizer.Normalize(raw) >= (Half)100, $"raw {raw}, threshold {threshold}");
            }
        }
    }

    [TestMethod]
    public void Normal_scores_read_below_100_when_rounded_to_three_decimals()
    {
        var normalizer = new ScoreNormalizer(1.24);
        Assert.AreEqual(99.999f, normalizer.Normalize(MathF.BitDecrement(1.24f)));
        Assert.AreEqual(100f, normalizer.Normalize(1.24f));
        Assert.AreEqual(100f, new ScoreNormalizer(1.24, preserveDecisions: false).Normalize(MathF.BitDecrement(1.24f)), 1e-4f);
    }

    [TestMethod]
    [DataRow(float.NaN, true, DisplayName = "NaN is never normal")]
    [DataRow(1.24f, true, DisplayName = "at the threshold: anomalous")]
    [DataRow(1.2399999f, false, DisplayName = "the float below the threshold: normal")]
    [DataRow(float.PositiveInfinity, true, DisplayName = "infinity")]
    [DataRow(float.NegativeInfinity, false, DisplayName = "minus infinity")]
    public void A_score_is_anomalous_unless_it_is_less_than_the_threshold(float score, bool isAnomalous)
    {
        Assert.AreEqual(isAnomalous, new ScoreNormalizer(1.24).IsAnomalous(score));
        Assert.AreEqual(isAnomalous, new ScoreNormalizer(0.5, new EvaluationThreshold(1.24, 110)).IsAnomalous(score));
    }

    [TestMethod]
    public void NaN_stays_NaN_and_infinities_are_clamped_and_no_result_is_minus_zero()
    {
        foreach (double threshold in Thresholds)
        {
            var normalizer = new ScoreNormalizer(threshold);
            var output = new float[67];
            float[] input = [.. Enumerable.Repeat(-0f, 67)];
            input[3] = input[66] = float.NaN;
            normalizer.Normalize<float>(input, output);
            Assert.IsTrue(float.IsNaN(output[3]) && float.IsNaN(output[66]));
            Assert.IsFalse(Array.Exists(output, value => value == 0 && float.IsNegative(value)));
            Assert.AreEqual(1000.0, normalizer.Normalize(double.PositiveInfinity));
            Assert.AreEqual(0.0, normalizer.Normalize(double.NegativeInfinity));
        }
    }

    [TestMethod]
    [DataRow(110, 1.24, 1.364, DisplayName = "positive: a tenth above")]
    [DataRow(110, 0, 0.1, DisplayName = "zero: 110 is a tenth above 0")]
    [DataRow(110, -2, -1.8, DisplayName = "negative: 110 is a tenth of the threshold towards 0")]
    [DataRow(0, 1.24, 0, DisplayName = "the floor of a positive threshold is 0")]
    [DataRow(0, -2, -4, DisplayName = "the floor of a negative threshold is twice the threshold")]
    [DataRow(1000, 0.5, 5, DisplayName = "the cap")]
    public void Denormalize_gives_the_raw_score(double normalized, double threshold, double expected)
    {
        var normalizer = new ScoreNormalizer(threshold);
        double raw = normalizer.Denormalize(normalized);
        Assert.AreEqual(expected, raw, 1e-15 * Math.Max(1, Math.Abs(expected)));
        Assert.AreEqual(normalized, normalizer.Normalize(raw), 1e-12);
    }

    [TestMethod]
    public void Denormalize_inverts_Normalize_and_keeps_the_decision()
        => Gen.Select(Gen.Double[-1000, 1000], Gen.Double[0, 1000], Gen.Bool, Gen.Double[0.001, 1000]).Check((threshold, normalized, evaluate, at) =>
        {
            var normalizer = new ScoreNormalizer(threshold, evaluate ? EvaluationThreshold.At(at, threshold) : null);
            double raw = normalizer.Denormalize(normalized);
            return Math.Abs(normalizer.Normalize(raw) - normalized) <= 0.0011
                && (raw >= normalizer.Decision.Raw) == (normalized >= normalizer.Decision.Normalized);
        }, seed: "0000KOrdx0N7", iter: 20_000);

    [TestMethod]
    public void Denormalize_of_100_is_the_threshold_itself_and_NaN_stays_NaN()
    {
        foreach (double threshold in Thresholds)
        {
            Assert.AreEqual(threshold, new ScoreNormalizer(threshold).Denormalize(100));
            Assert.IsLessThan(threshold, new ScoreNormalizer(threshold).Denormalize(Math.BitDecrement(100.0)));
            Assert.IsTrue(double.IsNaN(new ScoreNormalizer(threshold).Denormalize(double.NaN)));
        }
    }

    [TestMethod]
    [DataRow(-0.001, DisplayName = "below the floor")]
    [DataRow(1000.001, DisplayName = "above the cap")]
    [DataRow(double.PositiveInfinity, DisplayName = "infinite")]
    public void Denormalize_refuses_what_no_raw_score_is_normalized_to(double normalized)
    {
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ScoreNormalizer(1).Denormalize(normalized));
        Assert.AreEqual(normalized, e.ActualValue);
        StringAssert.Contains(e.Message, "between 0 and 1000");
    }

    [TestMethod]
    [DataRow(double.NaN, DisplayName = "NaN")]
    [DataRow(double.PositiveInfinity, DisplayName = "infinite")]
    [DataRow(double.NegativeInfinity, DisplayName = "minus infinite")]
    public void A_threshold_that_is_not_finite_is_refused(double threshold)
    {
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ScoreNormalizer(threshold));
        Assert.AreEqual(threshold, e.ActualValue);
        StringAssert.Contains(e.Message, "finite");
        e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ScoreNormalizer(1, new EvaluationThreshold(threshold, 100)));
        Assert.AreEqual(threshold, e.ActualValue);
    }

    [TestMethod]
    [DataRow(0, DisplayName = "zero: everything would be anomalous")]
    [DataRow(-1, DisplayName = "negative")]
    [DataRow(1000.0000000000001, DisplayName = "beyond the cap")]
    [DataRow(double.NaN, DisplayName = "NaN")]
    public void An_evaluation_threshold_off_the_scale_is_refused(double normalized)
    {
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ScoreNormalizer(1, new EvaluationThreshold(1, normalized)));
        Assert.AreEqual(normalized, e.ActualValue);
        StringAssert.Contains(e.Message, "greater than 0 and at most 1000");
    }

    [TestMethod]
    public void An_evaluation_threshold_with_the_classic_formula_is_refused()
    {
        var e = Assert.ThrowsExactly<ArgumentException>(() => new ScoreNormalizer(1, new EvaluationThreshold(1, 100), preserveDecisions: false));
        StringAssert.Contains(e.Message, "preserveDecisions");
    }

    [TestMethod]
    public void An_output_that_is_too_short_is_refused_with_both_lengths()
    {
        var e = Assert.ThrowsExactly<ArgumentException>(() => new ScoreNormalizer(1).Normalize<float>(new float[5], new float[4]));
        StringAssert.Contains(e.Message, "4");
        StringAssert.Contains(e.Message, "5");
    }

    [TestMethod]
    public void An_output_that_overlaps_the_input_elsewhere_is_refused_and_nothing_is_written()
    {
        float[] memory = [1, 2, 3, 4, 5];
        var e = Assert.ThrowsExactly<ArgumentException>(() => new ScoreNormalizer(1).Normalize<float>(memory.AsSpan(0, 4), memory.AsSpan(1, 4)));
        StringAssert.Contains(e.Message, "overlaps");
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4, 5 }, memory);
    }

    [TestMethod]
    [DataRow("EnableHWIntrinsic", 0, DisplayName = "no intrinsics: scalar")]
    [DataRow("EnableAVX", 128, DisplayName = "no AVX: 128 bits")]
    [DataRow("EnableAVX512", 256, DisplayName = "no AVX-512: 256 bits")]
    [DataRow("EnableAVX512F", 256, DisplayName = "no AVX-512, by its older name")]
    [DataRow(null, 512, DisplayName = "everything that the hardware has")]
    public void Every_vector_width_gives_the_same_bits(string? switchedOff, int widest)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!.EndsWith("testhost", StringComparison.Ordinal) ? "dotnet" : Environment.ProcessPath)
        {
            RedirectStandardOutput = true,
            ArgumentList = { typeof(ScoreNormalizerTests).Assembly.Location, nameof(KernelDigest) },
        };
        if (switchedOff is not null)
        {
            start.Environment[$"DOTNET_{switchedOff}"] = "0";
            if (switchedOff == "EnableAVX512F")
                start.Environment["DOTNET_EnableAVX512"] = "0";
        }

        using Process child = Process.Start(start)!;
        string[] answer = child.StandardOutput.ReadToEnd().Trim().Split(' ');
        child.WaitForExit();
        Assert.AreEqual(0, child.ExitCode);

        int hardware = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;
        Assert.AreEqual(Math.Min(widest, hardware), int.Parse(answer[0], CultureInfo.InvariantCulture), "the widest vectors in the child process");
        Assert.AreEqual(KernelDigest.Compute(), answer[1]);
    }

    internal static float[] SpecialValues(double threshold, int count)
    {
        float t = (float)threshold;
        float[] values =
        [
            t, MathF.BitIncrement(t), MathF.BitDecrement(t), -t, 2 * t, 0, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity,
            float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue, 1, -1, 10 * t, MathF.BitDecrement(10 * t), 0.3f, 1e-40f, 99.9995f,
        ];
        return [.. Enumerable.Range(0, count).Select(i => values[i * 5 % values.Length])];
    }

    // The definition in oracle/README.md, word for word.
    internal static T Definition<T>(T raw, double threshold, EvaluationThreshold? evaluation, bool preserveDecisions)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T hundred = T.CreateChecked(100);
        T t = T.CreateTruncating(threshold);
        T n = threshold > 0 ? raw / t * hundred : threshold == 0 ? (raw + T.One) * hundred : T.CreateChecked(200) - (raw / t * hundred);
        if (preserveDecisions)
        {
            EvaluationThreshold e = evaluation ?? new(threshold, 100);
            T b = T.CreateTruncating(e.Normalized);
            T up = double.CreateChecked(b) < e.Normalized ? T.BitIncrement(b) : b;
            T below = T.Min(T.BitDecrement(b), b - T.CreateChecked(0.001));
            if (!T.IsNaN(n))
                n = raw >= T.CreateTruncating(e.Raw) ? T.Max(n, up) : T.Min(n, below);
        }

        return T.IsNaN(n) ? n : T.Clamp(n, T.Zero, T.CreateChecked(1000));
    }

    private static IEnumerable<(ScoreNormalizer Normalizer, JsonElement Raw, JsonElement Expected, string What)> GoldenCases()
    {
        foreach (JsonElement golden in Oracle.Load("normalize.json").GetProperty("cases").EnumerateArray())
        {
            double threshold = golden.GetProperty("threshold_is_negative_zero").GetBoolean() ? -0.0 : Oracle.Number(golden.GetProperty("threshold"));
            foreach (JsonElement outcome in golden.GetProperty("out").EnumerateArray())
            {
                bool preserve = outcome.GetProperty("mode").GetString() == "consistent";
                EvaluationThreshold? evaluation = Oracle.Evaluation(outcome);
                if (!double.IsFinite(threshold) || evaluation is { Normalized: not (> 0 and <= 1000) } || evaluation is { Raw: var raw } && !double.IsFinite(raw))
                    continue;

                yield return (new ScoreNormalizer(threshold, evaluation, preserve), golden.GetProperty("raw"), outcome.GetProperty("numpy"),
                    $"case {golden.GetProperty("id")}, {outcome.GetProperty("mode")}, {evaluation}");
            }
        }
    }

    private static void RandomCase<T>(Gen<T> values, string seed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Gen.Select(values.Array[0, 70], values, values, Gen.Double[1e-300, 1000], Gen.Bool, Gen.Bool, Gen.Int[0, 2])
            .Where((_, threshold, at, _, _, _, _) => T.IsFinite(threshold) && T.IsFinite(at))
            .Check((scores, threshold, at, normalized, evaluate, preserve, near) =>
            {
                double t = near == 0 ? 0 : double.CreateChecked(threshold);
                EvaluationThreshold? evaluation = evaluate && preserve ? new(double.CreateChecked(at), normalized) : null;
                var normalizer = new ScoreNormalizer(t, evaluation, preserve);
                if (near == 2)
                    scores = [.. scores, threshold, T.BitDecrement(threshold), T.BitIncrement(threshold), at, T.BitDecrement(at)];

                var normalizedScores = new T[scores.Length];
                normalizer.Normalize<T>(scores, normalizedScores);
                for (int i = 0; i < scores.Length; i++)
                {
                    T expected = Definition(scores[i], t, evaluation, preserve);
                    if (!Same.Bits(expected, normalizedScores[i]) || !Same.Bits(expected, normalizer.Normalize(scores[i])))
                        return false;
                }

                return true;
            }, seed: seed, iter: 20_000);

    private static void RandomDecision<T>(Gen<T> values, string seed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Gen.Select(values, values, values, Gen.Double[0.001, 1000], Gen.Int[-2, 2])
            .Where((_, threshold, at, _, _) => T.IsFinite(threshold) && T.IsFinite(at))
            .Check((score, threshold, at, normalized, step) =>
            {
                double t = double.CreateChecked(threshold);
                var plain = new ScoreNormalizer(t);
                var evaluated = new ScoreNormalizer(t, new EvaluationThreshold(double.CreateChecked(at), normalized));
                T nearThreshold = Step(threshold, step);
                T nearDecision = Step(at, step);
                return Agrees(plain, score, threshold, 100) && Agrees(plain, nearThreshold, threshold, 100)
                    && Agrees(evaluated, score, at, normalized) && Agrees(evaluated, nearDecision, at, normalized);

                static bool Agrees(ScoreNormalizer normalizer, T raw, T decision, double normalizedDecision)
                    => (raw >= decision) == (double.CreateChecked(normalizer.Normalize(raw)) >= normalizedDecision);

                static T Step(T value, int step) => step switch
                {
                    < 0 => Step(T.BitDecrement(value), step + 1),
                    > 0 => Step(T.BitIncrement(value), step - 1),
                    _ => value,
                };
            }, seed: seed, iter: 100_000);
}
