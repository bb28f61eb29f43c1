using BenchmarkDotNet.Attributes;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Benchmarks;

/// <summary>
/// What it costs to normalise one map: the kernel beside a copy of the memory, and the transformer beside draining the same data view
/// without it. Times are per map. The kernel and the copy work on the same map again and again; the rows of the data view are 64 MB of
/// maps in turn, so that they come from memory, as in a pipeline, and not from a cache that the last row has warmed.
/// </summary>
[MemoryDiagnoser]
public class NormalizationBenchmarks
{
    private const double Threshold = 1.24;

    private readonly ScoreNormalizer _normalizer = new(Threshold);
    private float[] _raw = [];
    private float[] _output = [];
    private float[] _inPlace = [];
    private MapCursor _source = null!;
    private MapCursor _transformer = null!;
    private MapCursor _customMapping = null!;
    private MapCursor _expression = null!;

    [Params(65_536, 1_048_576)]
    public int Length { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(1);
        _raw = [.. Enumerable.Range(0, Length).Select(_ => random.NextSingle() * 2.5f)];
        _output = new float[Length];
        _inPlace = [.. _raw];

        var mlContext = new MLContext();
        SchemaDefinition schema = SchemaDefinition.Create(typeof(MapRow));
        schema[nameof(MapRow.Map)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 1, 1, Length / 256, 256);
        IDataView source = mlContext.Data.LoadFromEnumerable(EndlessRows(), schema);

        AnomalyNormalizationTransformer transformer = mlContext.Transforms.NormalizeAnomalyScore("Normalized", "Map", Threshold).Fit(source);
        _source = new(source, "Map");
        _transformer = new(transformer.Transform(source), "Normalized");
        _expression = new(transformer.Portable.Transform(source), "Normalized");

        SchemaDefinition output = SchemaDefinition.Create(typeof(NormalizedRow));
        output[nameof(NormalizedRow.Normalized)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, Length);
        var customMapping = mlContext.Transforms.CustomMapping<MapRow, NormalizedRow>((input, row) =>
        {
            row.Normalized = row.Normalized.Length == input.Map.Length ? row.Normalized : new float[input.Map.Length];
            ScalarLoop(input.Map, row.Normalized);
        }, contractName: null, inputSchemaDefinition: schema, outputSchemaDefinition: output);
        _customMapping = new(customMapping.Fit(source).Transform(source), "Normalized");
    }

    [Benchmark(Baseline = true)]
    public void Copying_the_memory() => _raw.CopyTo(_output, 0);

    [Benchmark]
    public void Kernel_out_of_place() => _normalizer.Normalize<float>(_raw, _output);

    // The values change from call to call, the time does not.
    [Benchmark]
    public void Kernel_in_place() => _normalizer.Normalize<float>(_inPlace, _inPlace);

    [Benchmark]
    public void Scalar_loop() => ScalarLoop(_raw, _output);

    [Benchmark]
    public float Draining_the_source() => _source.Next();

    [Benchmark]
    public float Transformer() => _transformer.Next();

    [Benchmark]
    public float Custom_mapping() => _customMapping.Next();

    [Benchmark]
    public float Expression() => _expression.Next();

    private IEnumerable<MapRow> EndlessRows()
    {
        MapRow[] rows = [.. Enumerable.Range(0, (64 << 20) / sizeof(float) / Length).Select(_ => new MapRow { Map = [.. _raw] })];
        for (int i = 0; ; i = (i + 1) % rows.Length)
            yield return rows[i];
    }

    // The decision-preserving formula as anyone would write it.
    private static void ScalarLoop(float[] raw, float[] normalized)
    {
        for (int i = 0; i < raw.Length; i++)
        {
            float score = raw[i] / (float)Threshold * 100f;
            score = raw[i] >= (float)Threshold ? MathF.Max(score, 100f) : MathF.Min(score, 99.999f);
            normalized[i] = Math.Clamp(score, 0f, 1000f);
        }
    }

    /// <summary>A cursor that stays open over endless rows, so that each call costs one row and nothing else.</summary>
    private sealed class MapCursor
    {
        private readonly DataViewRowCursor _cursor;
        private readonly ValueGetter<VBuffer<float>> _getter;
        private VBuffer<float> _map;

        public MapCursor(IDataView data, string name)
        {
            DataViewSchema.Column column = data.Schema[name];
            _cursor = data.GetRowCursor([column]);
            _getter = _cursor.GetGetter<VBuffer<float>>(column);
        }

        public float Next()
        {
            _cursor.MoveNext();
            _getter(ref _map);
            return _map.GetValues()[0];
        }
    }

    private sealed class MapRow
    {
        public float[] Map { get; set; } = [];
    }

    private sealed class NormalizedRow
    {
        public float[] Normalized { get; set; } = [];
    }
}
