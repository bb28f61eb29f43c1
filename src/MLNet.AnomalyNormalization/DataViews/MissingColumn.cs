namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>What is said of a column that is not there.</summary>
internal static class MissingColumn
{
    /// <param name="name">The column asked for.</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="names">The columns that there are.</param>
    /// <param name="parameterName">Of the schema, or of the data that has it.</param>
    public static ArgumentOutOfRangeException Exception(string name, string expected, IEnumerable<string> names, string parameterName)
    {
        string found = string.Join(", ", names);
        // Trimming takes away the properties that only ML.NET reads.
        return new(parameterName, $"Column '{name}' is missing: expected {expected}, got " +
            (found.Length > 0 ? $"a schema with {found}." : "a schema without columns. Has the class of its rows public members, and were they not trimmed?"));
    }
}
