using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// The normalised columns as stock ML.NET expressions: what a saved model holds. Each carries, in the name of a local variable, what it
/// takes to put the transformer back.
/// </summary>
internal static class PortableExpression
{
    private const string MarkName = "AnomalyNormalization1";

    /// <summary>The stock estimator that adds the same column.</summary>
    public static ExpressionEstimator Estimator(
        TransformsCatalog catalog, NormalizedColumn column, DataViewType itemType, AnomalyThresholds thresholds, AnomalyNormalizationOptions options)
        => catalog.Expression(column.Name, Write(column, itemType, thresholds, options), column.Source);

    /// <summary>The stock estimator that adds the column by the threshold that another column has for the row.</summary>
    public static ExpressionEstimator ByGroup(TransformsCatalog catalog, NormalizedColumn column, DataViewType itemType, string thresholdColumn)
        => catalog.Expression(column.Name, itemType == NumberDataViewType.Single
            ? ByGroup(column, new NormalizationFormula<float>(column.Normalizer), 'f')
            : ByGroup(column, new NormalizationFormula<double>(column.Normalizer), 'd'), column.Source, thresholdColumn);

    /// <summary>The model with our transformer wherever one was saved.</summary>
    public static ITransformer PutBack(ModelOperationsCatalog catalog, ITransformer model)
    {
        if (model is not TransformerChain<ITransformer> chain)
            return model;

        ITransformer[] parts = [.. chain];
        if (TryRead(catalog, chain, parts) is { } ours)
            return ours;

        ITransformer[] restored = Array.ConvertAll(parts, part => PutBack(catalog, part));
        return restored.SequenceEqual(parts) ? model : new TransformerChain<ITransformer>(restored, parts.Select(ScopeOf));

        TransformerScope ScopeOf(ITransformer part)
            => ((TransformerScope[])[TransformerScope.Training, TransformerScope.Testing, TransformerScope.Scoring])
                .Where(scope => chain.GetModelFor(scope).Contains(part))
                .Aggregate(TransformerScope.None, (all, scope) => all | scope);
    }

    private static string Write(NormalizedColumn column, DataViewType itemType, AnomalyThresholds thresholds, AnomalyNormalizationOptions options)
    {
        string mark = string.Join('_', MarkName, column.Role, itemType, options.ThresholdType, options.PreserveDecisions,
            Bits(thresholds.Image), Bits(thresholds.Pixel),
            Bits(options.ImageEvaluation?.Raw), Bits(options.ImageEvaluation?.Normalized),
            Bits(options.PixelEvaluation?.Raw), Bits(options.PixelEvaluation?.Normalized));
        if (column is { Role: ColumnRole.Decision, Band: { } band })
            mark = string.Join('_', mark, Bits(band.From), Bits(band.To));
        return itemType == NumberDataViewType.Single
            ? Write(column, new NormalizationFormula<float>(column.Normalizer), mark, 'f')
            : Write(column, new NormalizationFormula<double>(column.Normalizer), mark, 'd');
    }

    private static string Write<T>(NormalizedColumn column, NormalizationFormula<T> formula, string mark, char suffix)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        string decision = Literal(formula.RawDecision, suffix);
        if (column.Role == ColumnRole.PredictedLabel)
            return $"x => with({mark} = {decision}; !(x < {mark}))";

        string scaled = $"(x + {Literal(formula.Shift, suffix)}) / {Literal(formula.Divisor, suffix)}"
            + $" * {Literal(formula.Scale, suffix)} + {Literal(formula.Offset, suffix)}";
        return $"x => {Clipped(column, formula, mark, scaled, decision, suffix)}";
    }

    // The constants of the formula by the threshold t; see NormalizationFormula.
    private static string ByGroup<T>(NormalizedColumn column, NormalizationFormula<T> formula, char suffix)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (column.Role == ColumnRole.PredictedLabel)
            return "(x, t) => !(x < t)";

        string zero = Literal(T.Zero, suffix), one = Literal(T.One, suffix), scale = Literal(T.CreateChecked(ScoreNormalizer.DecisionScore), suffix);
        string scaled = $"(x + (t == {zero} ? {one} : {zero})) / (t == {zero} ? {one} : t) * (t < {zero} ? -{scale} : {scale})"
            + $" + (t < {zero} ? {Literal(T.CreateChecked(2 * ScoreNormalizer.DecisionScore), suffix)} : {zero})";
        return $"(x, t) => {Clipped(column, formula, "scaled", scaled, "t", suffix)}";
    }

    private static string Clipped<T>(NormalizedColumn column, NormalizationFormula<T> formula, string mark, string scaled, string decision, char suffix)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        string clipped = $"x >= {decision}"
            + $" ? min({Literal(formula.Maximum, suffix)}, max({Literal(formula.AnomalousFloor, suffix)}, {mark}))"
            + $" : max({Literal(T.Zero, suffix)}, min({Literal(formula.NormalCap, suffix)}, {mark}))";
        return column is not { Role: ColumnRole.Decision, Band: { } band } ? $"with({mark} = {scaled}; {clipped})"
            : $"with({mark} = {scaled}; with(y = {clipped}; y < {Literal(T.CreateSaturating(band.From), suffix)} ? {(int)Decision.Pass}"
                + $" : y < {Literal(T.CreateSaturating(band.To), suffix)} ? {(int)Decision.Review} : {(int)Decision.Reject}))";
    }

    // The lexer of the expression language reads real literals by the culture of whoever loads the model, so there are only digits: an
    // integer times or over powers of two, which every operation here takes exactly.
    private static string Literal<T>(T value, char suffix)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (value == T.Zero)
            return $"0{suffix}";

        int exponent = int.CreateTruncating(T.ILogB(value)) - 52;
        BigInteger integer = BigInteger.CreateChecked(double.ScaleB(double.CreateTruncating(T.Abs(value)), -exponent));
        int even = (int)BigInteger.TrailingZeroCount(integer);
        integer >>= even;
        exponent += even;

        var text = new StringBuilder(T.IsNegative(value) ? "(-" : "(").Append(CultureInfo.InvariantCulture, $"{integer}{suffix}");
        for (int rest = Math.Abs(exponent); rest > 0; rest -= Math.Min(rest, 100))
            text.Append(CultureInfo.InvariantCulture, $"{(exponent > 0 ? '*' : '/')}{BigInteger.One << Math.Min(rest, 100)}{suffix}");
        return text.Append(')').ToString();
    }

    private static string Bits(double? value)
        => value is { } number ? BitConverter.DoubleToUInt64Bits(number).ToString("X16", CultureInfo.InvariantCulture) : "None";

    private static double? FromBits(string text)
        => text == "None" ? null : BitConverter.UInt64BitsToDouble(ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    // Null unless the chain is exactly what Write makes of the settings in its marks, or what regions are saved as.
    private static ITransformer? TryRead(ModelOperationsCatalog catalog, ITransformer chain, ITransformer[] parts)
    {
        if (parts.Length == 0 || !Array.TrueForAll(parts, part => part is ExpressionTransformer))
            return null;

        (string Source, string Expression, string Name)[] saved = Array.ConvertAll(parts, part => ReadParameters(catalog, part));
        if (SavedRegions.TryRead(chain, [.. saved.Select(column => column.Expression)]) is { } regions)
            return regions;

        string[][] marks = Array.ConvertAll(saved, column => ReadMark(column.Expression, MarkName));
        if (!Array.TrueForAll(marks, mark => mark is [MarkName, _, _, _, _, _, _, _, _, _, _] or [MarkName, _, _, _, _, _, _, _, _, _, _, _, _]))
            return null;

        try
        {
            string[] roles = Array.ConvertAll(marks, mark => mark[1]);
            string? NameOf(ColumnRole role) => Array.IndexOf(roles, role.ToString()) is >= 0 and int i ? saved[i].Name : null;
            string? SourceOf(ColumnRole role) => Array.IndexOf(roles, role.ToString()) is >= 0 and int i ? saved[i].Source : null;
            EvaluationThreshold? EvaluationAt(int i)
                => FromBits(marks[0][i]) is { } raw && FromBits(marks[0][i + 1]) is { } normalized ? new(raw, normalized) : null;

            var thresholds = new AnomalyThresholds(FromBits(marks[0][5]) ?? double.NaN, FromBits(marks[0][6]) ?? double.NaN);
            var options = new AnomalyNormalizationOptions
            {
                ScoreColumnName = SourceOf(ColumnRole.Score) ?? SourceOf(ColumnRole.PredictedLabel) ?? SourceOf(ColumnRole.Decision),
                MapColumnName = SourceOf(ColumnRole.Map),
                BoxScoresColumnName = SourceOf(ColumnRole.BoxScores),
                NormalizedScoreColumnName = NameOf(ColumnRole.Score)!,
                NormalizedMapColumnName = NameOf(ColumnRole.Map)!,
                NormalizedBoxScoresColumnName = NameOf(ColumnRole.BoxScores)!,
                PredictedLabelColumnName = NameOf(ColumnRole.PredictedLabel),
                DecisionColumnName = NameOf(ColumnRole.Decision),
                ReviewBand = Array.Find(marks, mark => mark.Length > 11) is { } decided
                    ? new(FromBits(decided[11]) ?? double.NaN, FromBits(decided[12]) ?? double.NaN) : null,
                ThresholdType = Enum.Parse<ThresholdType>(marks[0][3]),
                PreserveDecisions = bool.Parse(marks[0][4]),
                ImageEvaluation = EvaluationAt(7),
                PixelEvaluation = EvaluationAt(9),
            };

            NormalizedColumn[] columns = NormalizedColumn.From(thresholds, options);
            for (int i = 0; i < columns.Length; i++)
                columns[i] = columns[i] with { ItemType = marks[i][2] == "Single" ? NumberDataViewType.Single : NumberDataViewType.Double };

            return columns.Select(column => (column.Source, Write(column, column.ItemType!, thresholds, options), column.Name)).SequenceEqual(saved)
                ? new AnomalyNormalizationTransformer(thresholds, options, columns, chain)
                : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            // A mark that we didn't write.
            return null;
        }
    }

    /// <summary>The parts of a mark of that name; none if the expression has no such mark.</summary>
    public static string[] ReadMark(string expression, string markName)
    {
        int start = expression.IndexOf(markName, StringComparison.Ordinal);
        int end = start < 0 ? -1 : expression.IndexOf(' ', start);
        return end < 0 ? [] : expression[start..end].Split('_');
    }

    // An ExpressionTransformer shows nothing of itself, but what it saves can be read: a header with the offsets of a table of its strings,
    // each stored once, in the order of their first use: source column, expression, added column.
    private static (string Source, string Expression, string Name) ReadParameters(ModelOperationsCatalog catalog, ITransformer transformer)
    {
        using var stream = new MemoryStream();
        catalog.Save(transformer, null, stream);
        using var archive = new ZipArchive(stream, ZipArchiveMode.Read);
        using var content = new MemoryStream();
        using (Stream entry = archive.Entries.First(entry => entry.Name == "Model.key").Open())
            entry.CopyTo(content);
        List<string> strings = ModelPart.StringsOf(content.ToArray());
        return strings.Count switch
        {
            2 => (strings[0], strings[1], strings[0]),
            3 => (strings[0], strings[1], strings[2]),
            _ => ("", "", ""),
        };
    }
}
