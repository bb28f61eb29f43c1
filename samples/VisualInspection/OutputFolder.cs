namespace VisualInspection;

/// <summary>The folder that a sample writes to.</summary>
internal static class OutputFolder
{
    /// <summary>Makes a folder in it, and itself if need be.</summary>
    /// <returns>The path of the folder within.</returns>
    /// <exception cref="IOException">It can't be made or written to; the message names it and says why.</exception>
    public static string MakeWithin(string output, string name)
    {
        try
        {
            Directory.CreateDirectory(output);
            return Directory.CreateDirectory(Path.Combine(output, name)).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The output folder '{output}' can't be made or written to; choose another. {e.Message}", e);
        }
    }
}
