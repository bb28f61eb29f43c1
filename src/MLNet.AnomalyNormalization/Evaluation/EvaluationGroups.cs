namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>Evaluations by name, in the order of the names; equal to others by content, so that what holds them compares as a record should.</summary>
internal sealed class EvaluationGroups(IEnumerable<KeyValuePair<string, AnomalyEvaluation>> groups)
    : SortedDictionary<string, AnomalyEvaluation>(groups.ToDictionary(), StringComparer.Ordinal)
{
    public override bool Equals(object? obj) => obj is EvaluationGroups other && this.SequenceEqual(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (KeyValuePair<string, AnomalyEvaluation> group in this)
            hash.Add(group);
        return hash.ToHashCode();
    }
}
