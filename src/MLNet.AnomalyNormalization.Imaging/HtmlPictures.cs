using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>How <see cref="NotebookPictures"/> show themselves.</summary>
internal sealed class HtmlPictures : HtmlFormatter
{
    protected override string? Html(object value) => (value as NotebookPictures)?.Html;
}
