namespace MLNet.AnomalyNormalization.Notebooks;

/// <summary>Thresholds and metrics as small tables.</summary>
internal sealed class HtmlTables : HtmlFormatter
{
    protected override string? Html(object value) => Table.Of(value)?.ToHtml();
}
