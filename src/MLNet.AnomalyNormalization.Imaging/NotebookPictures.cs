using System.Net;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Imaging.Reports;
using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>
/// Pictures side by side, for instance an image and its <see cref="HeatMap.Overlay"/>, that show themselves in a .NET notebook when a cell
/// ends with them.
/// </summary>
[TypeFormatterSource(typeof(HtmlPictures))]
public sealed class NotebookPictures
{
    /// <summary>Takes the pictures as they are now; the images stay the caller's, and may be disposed.</summary>
    /// <param name="pictures">The pictures, from left to right, with what is written below them.</param>
    /// <exception cref="ArgumentNullException">A caption or an image is null.</exception>
    public NotebookPictures(params (string Caption, MLImage Image)[] pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        Html = $"<div>{string.Concat(pictures.Select(picture => Figure(picture.Caption, picture.Image)))}</div>";
    }

    /// <summary>The pictures as HTML with everything inside it, at their own size, as PNG.</summary>
    public string Html { get; }

    private static string Figure(string caption, MLImage image)
    {
        ArgumentNullException.ThrowIfNull(caption);
        ArgumentNullException.ThrowIfNull(image);
        string text = WebUtility.HtmlEncode(caption);
        return "<figure style=\"display:inline-block;margin:0.5em;text-align:center\">"
            + $"<img alt=\"{text}\" src=\"{Thumbnail.Png(image)}\" /><figcaption>{text}</figcaption></figure>";
    }
}
