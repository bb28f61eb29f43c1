namespace MLNet.AnomalyNormalization.Notebooks;

/// <summary>
/// Shows values in a .NET notebook, as the <see cref="TypeFormatterSourceAttribute.FormatterSourceType"/> of their types. The notebook
/// makes an instance by the public constructor and finds the public members by their names: first the source of formatters, then the
/// formatter, which are one object here.
/// </summary>
internal abstract class HtmlFormatter
{
    public string MimeType { get; } = "text/html";

    public IEnumerable<object> CreateTypeFormatters() => [this];

    /// <summary>Writes a value as HTML that is well-formed XML, too, and has no colours, so that it reads in light and dark.</summary>
    /// <returns>False, with nothing written, if the value is of another type than those that are shown here.</returns>
    public bool Format(object value, TextWriter writer)
    {
        string? html = Html(value);
        writer.Write(html);
        return html is not null;
    }

    /// <summary>The value as HTML, or null if it isn't one for this formatter.</summary>
    protected abstract string? Html(object value);
}
