using System.Globalization;

namespace ModelBuilder;

/// <summary>
/// Readings to try the program on, drawn by itself: sensors of a pump that depend on each other while it is well, and no longer do when
/// it isn't.
/// </summary>
internal static class PumpReadings
{
    private static readonly (string Name, Action<PumpModel.ModelInput, Random> Break)[] Faults =
    [
        ("worn bearing", (reading, random) =>
        {
            reading.Vibration *= Between(random, 1.5, 3);
            reading.Temperature += Between(random, 5, 25);
        }),
        ("cavitation", (reading, random) =>
        {
            reading.Flow *= Between(random, 0.6, 0.85);
            reading.Pressure *= Between(random, 0.7, 0.9);
            reading.Vibration *= Between(random, 1.2, 2);
        }),
        ("blocked pipe", (reading, random) =>
        {
            reading.Flow *= Between(random, 0.2, 0.7);
            reading.Pressure *= Between(random, 1.05, 1.3);
        }),
    ];

    /// <summary>Draws one reading of each kind.</summary>
    public static IEnumerable<PumpModel.ModelInput> Kinds(int seed)
    {
        var random = new Random(seed);
        return [Good(random), .. Faults.Select(fault => Faulty(random, fault))];
    }

    /// <summary>Draws readings as a CSV file; the same for the same seed.</summary>
    public static void Save(string path, int seed, int good, int faulty)
    {
        var random = new Random(seed);
        IEnumerable<PumpModel.ModelInput> readings = Enumerable.Range(0, good).Select(_ => Good(random))
            .Concat(Enumerable.Range(0, faulty).Select(i => Faulty(random, Faults[i % Faults.Length])));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllLines(path, readings.Select(Line).Prepend("Speed,Flow,Pressure,Current,Vibration,Temperature,Condition"));
    }

    private static string Line(PumpModel.ModelInput reading) => string.Create(CultureInfo.InvariantCulture,
        $"{reading.Speed:F1},{reading.Flow:F3},{reading.Pressure:F3},{reading.Current:F3},{reading.Vibration:F3}," +
        $"{reading.Temperature:F2},{reading.Condition}");

    // The affinity laws of centrifugal pumps: flow goes with the speed, pressure with its square, power with both.
    private static PumpModel.ModelInput Good(Random random)
    {
        float speed = Between(random, 1100, 1800);
        float valve = Between(random, 0.85, 1.15);
        float share = speed / 1450;
        float flow = 40 * share * valve;
        float pressure = 5 * share * share / valve;
        float current = 4 + (flow * pressure / 25);
        return new PumpModel.ModelInput
        {
            Speed = speed,
            Flow = flow + Between(random, -0.5, 0.5),
            Pressure = pressure + Between(random, -0.05, 0.05),
            Current = current + Between(random, -0.2, 0.2),
            Vibration = (2 * share) + Between(random, -0.15, 0.15),
            Temperature = 35 + (1.5f * current) + Between(random, -2, 2),
            Condition = "good",
        };
    }

    private static PumpModel.ModelInput Faulty(Random random, (string Name, Action<PumpModel.ModelInput, Random> Break) fault)
    {
        PumpModel.ModelInput reading = Good(random);
        fault.Break(reading, random);
        reading.Condition = fault.Name;
        return reading;
    }

    private static float Between(Random random, double from, double to) => (float)(from + ((to - from) * random.NextDouble()));
}
