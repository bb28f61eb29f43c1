using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using MLNet.AnomalyNormalization.Files;
using Parquet;
using Parquet.Schema;

namespace MLNet.AnomalyNormalization.Scores;

/// <summary>Raw scores that were recorded in a file, row by row, with labels.</summary>
/// <param name="Scores">The scores.</param>
/// <param name="AreSingle">Whether they are Single, so that each is the double of its value; otherwise Double.</param>
/// <param name="Labels">1 for anomalous, 0 for normal, NaN for unknown; as many as scores.</param>
public sealed record RecordedScores(IReadOnlyList<double> Scores, bool AreSingle, IReadOnlyList<float> Labels)
{
    private const string LabelValues = "true, false, 0, 1 or, for unknown, -1, NaN or nothing";

    // A byte may stand for many rows of the same value, but not for any number of them.
    private const long MostRowsPerByte = 10_000;

    // Reading takes a second for each 100 MB or so; this is for slow disks.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private const long BytesPerSecond = 1 << 20;

    /// <summary>Reads a file to its end.</summary>
    /// <param name="path">A <c>.csv</c> or <c>.parquet</c> file.</param>
    /// <param name="scoreColumn">The column of scores.</param>
    /// <param name="labelColumn">The column of labels; null to leave all unknown.</param>
    /// <param name="wantsSingle">Whether the scores become Single, or Double; null to take what the file has, Single if that is text.</param>
    /// <param name="patience">How long a Parquet file may take, beside a second for each MB; a minute by default.</param>
    /// <exception cref="InvalidDataException">
    /// The file is of another kind, empty, damaged, or lacks a column, or is a pipe or a device; the message names file and place.
    /// </exception>
    public static RecordedScores Read(
        string path, string scoreColumn = "Score", string? labelColumn = "Label", bool? wantsSingle = null, TimeSpan? patience = null)
    {
        try
        {
            long length = RegularFile.RequireLength(path);
            return Path.GetExtension(path).ToUpperInvariant() switch
            {
                ".CSV" => ReadCsv(path, scoreColumn, labelColumn, wantsSingle ?? true),
                ".PARQUET" => InTime(
                    () => ReadParquetAsync(path, length, scoreColumn, labelColumn, wantsSingle), path,
                    (patience ?? s_patience) + TimeSpan.FromSeconds(length / BytesPerSecond)),
                var other => throw new InvalidDataException($"'{path}' ends in '{other}'; recorded scores are read from .csv and .parquet."),
            };
        }
        catch (Exception e) when (e is not (InvalidDataException or UnauthorizedAccessException)
            || !e.Message.Contains(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{path}' can't be read: {e.Message}", e);
        }
    }

    // A damaged file can send its reader round in circles. It can't be stopped, but neither does anybody have to wait for it.
    internal static RecordedScores InTime(Func<Task<RecordedScores>> read, string path, TimeSpan limit)
    {
        Task<RecordedScores> reading = Task.Factory.StartNew(
            () => read().GetAwaiter().GetResult(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return Task.WaitAny([reading], limit) == 0
            ? reading.GetAwaiter().GetResult()
            : throw new InvalidDataException($"'{path}' was not read in {limit.TotalSeconds} s: it is damaged. Record the scores again.");
    }

    internal static void RequireRows(string path, long length, long rows)
    {
        if (rows < 0 || rows / MostRowsPerByte > length)
            throw new InvalidDataException($"'{path}' has {length} bytes, but says that it has {rows} rows. Record the scores again.");
    }

    private static RecordedScores ReadCsv(string path, string scoreColumn, string? labelColumn, bool areSingle)
    {
        // A row with another number of fields than the header is refused by the reader itself.
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            DetectColumnCountChanges = true,
            TrimOptions = TrimOptions.Trim,
        };
        using var csv = new CsvReader(new StreamReader(path), configuration);
        if (!csv.Read() || !csv.ReadHeader())
            throw new InvalidDataException($"'{path}' has no header; expected one with a column '{scoreColumn}'.");

        int score = IndexOf(scoreColumn);
        int? label = labelColumn is null ? null : IndexOf(labelColumn);
        var (scores, labels) = (new List<double>(), new List<float>());
        while (csv.Read())
        {
            string text = csv.GetField(score) ?? "";
            scores.Add(Number(text, areSingle) ?? throw Unexpected(text, "a number", scoreColumn));
            labels.Add(label is { } index ? Label(csv.GetField(index) ?? "") : float.NaN);
        }

        return new(scores, areSingle, labels);

        int IndexOf(string column)
            => Array.IndexOf(csv.HeaderRecord!, column) is >= 0 and int index ? index : throw Missing(path, column, csv.HeaderRecord!);

        float Label(string text)
            => text.Length == 0 ? float.NaN
                : bool.TryParse(text, out bool isAnomalous) ? (isAnomalous ? 1 : 0)
                : Number(text, areSingle: false) is { } number && LabelOf(number) is { } known ? known
                : throw Unexpected(text, LabelValues, labelColumn!);

        InvalidDataException Unexpected(string text, string expected, string column)
            => new($"'{path}', line {csv.Parser.RawRow}: column '{column}' holds '{text}'; expected {expected}.");
    }

    private static async Task<RecordedScores> ReadParquetAsync(
        string path, long length, string scoreColumn, string? labelColumn, bool? wantsSingle)
    {
        ParquetReader reader = await ParquetReader.CreateAsync(path).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            List<double> scores = await ReadAsync(scoreColumn, "Single or Double", mayBeInteger: false).ConfigureAwait(false);
            List<double>? labels = labelColumn is null ? null
                : await ReadAsync(labelColumn, "Boolean, Single, Double, Int32 or Int64", mayBeInteger: true).ConfigureAwait(false);
            bool areSingle = wantsSingle ?? reader.Schema.DataFields.First(field => field.Name == scoreColumn).ClrType == typeof(float);
            return new(scores, areSingle, [.. Enumerable.Range(0, scores.Count).Select(Label)]);

            float Label(int row) => labels is null ? float.NaN : LabelOf(labels[row]) ?? throw new InvalidDataException(
                $"'{path}', row {row + 1}: column '{labelColumn}' holds {labels[row]}; expected {LabelValues}.");

            Task<List<double>> ReadAsync(string column, string expected, bool mayBeInteger)
            {
                DataField field = reader.Schema.DataFields.FirstOrDefault(field => field.Name == column)
                    ?? throw Missing(path, column, reader.Schema.DataFields.Select(field => field.Name));
                return (Type.GetTypeCode(field.ClrType), mayBeInteger) switch
                {
                    _ when field.IsArray => throw WrongType(),
                    (TypeCode.Single, _) => ColumnAsync<float>(field, value => value),
                    (TypeCode.Double, _) => ColumnAsync<double>(field, value => value),
                    (TypeCode.Boolean, true) => ColumnAsync<bool>(field, value => value ? 1 : 0),
                    (TypeCode.Int32, true) => ColumnAsync<int>(field, value => value),
                    (TypeCode.Int64, true) => ColumnAsync<long>(field, value => value),
                    _ => throw WrongType(),
                };

                InvalidDataException WrongType() => new($"'{path}': column '{column}': expected {expected}, got {field.ClrType.Name}.");
            }

            async Task<List<double>> ColumnAsync<T>(DataField field, Func<T, double> convert)
                where T : struct
            {
                var values = new List<double>();
                for (int i = 0; i < reader.RowGroupCount; i++)
                {
                    using ParquetRowGroupReader group = reader.OpenRowGroupReader(i);
                    RequireRows(path, length, values.Count + group.RowCount);
                    if (field.IsNullable)
                    {
                        var column = new T?[group.RowCount];
                        await group.ReadAsync<T>(field, column.AsMemory()).ConfigureAwait(false);
                        values.AddRange(column.Select(value => value is { } known ? convert(known) : double.NaN));
                    }
                    else
                    {
                        var column = new T[group.RowCount];
                        await group.ReadAsync<T>(field, column.AsMemory()).ConfigureAwait(false);
                        values.AddRange(column.Select(convert));
                    }
                }

                return values;
            }
        }
    }

    // Straight to the type that is wanted, as two roundings may give another number; and a comma is no part of a number.
    private static double? Number(string text, bool areSingle)
        => areSingle
            ? float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float single) ? single : null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;

    private static float? LabelOf(double value) => value switch { 0 => 0, 1 => 1, -1 or double.NaN => float.NaN, _ => null };

    private static InvalidDataException Missing(string path, string column, IEnumerable<string> columns)
        => new($"'{path}' has no column '{column}'; it has {string.Join(", ", columns)}.");
}
