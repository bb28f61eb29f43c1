namespace MLNet.AnomalyNormalization.Tests;

/// <summary>The checkout that the tests were built in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>A file or folder of the third-party data beside the repository; the test is inconclusive where there is none.</summary>
    public static string SharedData(string relativePath)
    {
        string path = Path.Combine(Root, "..", "shared", "data", relativePath);
        if (!Path.Exists(path))
            Assert.Inconclusive($"The data set {relativePath} is not on this machine.");
        return path;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MLNet.AnomalyNormalization.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds the solution.");
    }
}
