using System.Globalization;
using System.Text;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>What happens to a picture on its way to a decision, in this order.</summary>
public enum VerificationStage
{
    /// <summary>The file becomes red, green and blue. Differences are in steps of a byte, 0..255.</summary>
    Decoded,

    /// <summary>The picture becomes what the model's input gets. Differences are in the units of that input.</summary>
    Prepared,

    /// <summary>The model gives a score. Differences are in raw units.</summary>
    Score,

    /// <summary>The model gives a map. Differences are in raw units.</summary>
    Map,

    /// <summary>The score is decided. A difference is the raw distance from the threshold of a score that is decided otherwise.</summary>
    Label,
}

/// <summary>One stage, over all pictures for which the reference tells it.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="PictureCount">For how many pictures the reference tells it; 0 if it was not compared.</param>
/// <param name="DifferingCount">How many of them differ by more than the tolerance, or in size.</param>
/// <param name="LargestDifference">
/// The largest difference, in the unit of the stage; infinite where sizes differ, NaN where a digest alone does.
/// </param>
/// <param name="Tolerance">Up to where two values agree, in the same unit.</param>
/// <param name="WorstFile">The picture with the largest difference, as the reference names it; null if none was compared.</param>
public sealed record StageVerification(
    VerificationStage Stage, int PictureCount, int DifferingCount, double LargestDifference, double Tolerance, string? WorstFile)
{
    /// <summary>Whether no picture differs.</summary>
    public bool Agrees => DifferingCount == 0;
}

/// <summary>
/// What <see cref="AnomalyOnnxModel.Verify"/> found: stage by stage, whether this library sees what Python saw; and where not, the usual
/// cause that explains it.
/// </summary>
public sealed record AnomalyVerification
{
    internal AnomalyVerification(
        string modelPath, string referencePath, int pictureCount, bool? isSameModel, IReadOnlyList<StageVerification> stages, string? cause)
    {
        (ModelPath, ReferencePath, PictureCount) = (modelPath, referencePath, pictureCount);
        (IsSameModel, Stages, Cause) = (isSameModel, stages, cause);
    }

    /// <summary>The model.</summary>
    public string ModelPath { get; }

    /// <summary>The file that says what Python saw.</summary>
    public string ReferencePath { get; }

    /// <summary>How many pictures the reference tells of.</summary>
    public int PictureCount { get; }

    /// <summary>Whether the reference was made with this very file; null if it doesn't say.</summary>
    public bool? IsSameModel { get; }

    /// <summary>All stages, in their order.</summary>
    public IReadOnlyList<StageVerification> Stages { get; }

    /// <summary>
    /// Why the first stage that differs does: a usual fault that was tried, and with which that stage agrees on every picture. Null if
    /// nothing differs, or if no usual fault explains it.
    /// </summary>
    public string? Cause { get; }

    /// <summary>The first stage that differs; null if all agree.</summary>
    public StageVerification? FirstDifference => Stages.FirstOrDefault(stage => !stage.Agrees);

    /// <summary>Whether every stage that was compared agrees.</summary>
    public bool Agrees => FirstDifference is null;

    /// <summary>The report as a table, several lines long.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Append($"{PictureCount} pictures of {Path.GetFileName(ReferencePath)} with {Path.GetFileName(ModelPath)}");
        if (IsSameModel == false)
            Append($"The reference was made with another file than this {Path.GetFileName(ModelPath)}.");
        Append($"{"Stage",-10}{"Compared",10}{"Differ",8}{"Largest difference",20}{"Tolerance",12}  Picture");
        foreach (StageVerification stage in Stages)
        {
            if (stage.PictureCount == 0)
                Append($"{stage.Stage,-10}{"-",10}");
            else
                Append($"{stage.Stage,-10}{stage.PictureCount,10}{stage.DifferingCount,8}{Difference(stage),32}  {stage.WorstFile}");
        }

        Append(FirstDifference is not { } first ? $"All stages agree."
            : (FormattableString)$"The first stage that differs: {first.Stage}. Cause: {Cause ?? "none of the usual ones"}.");
        return text.ToString().TrimEnd();

        static string Difference(StageVerification stage)
            => string.Create(CultureInfo.InvariantCulture, $"{stage.LargestDifference,20:G4}{stage.Tolerance,12:G3}");

        void Append(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }
}
