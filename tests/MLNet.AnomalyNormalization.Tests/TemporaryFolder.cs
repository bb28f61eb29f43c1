namespace MLNet.AnomalyNormalization.Tests;

/// <summary>A folder of a test's own that goes with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("AnomalyNormalization");

    public string this[string fileName] => Path.Combine(_folder.FullName, fileName);

    public void Dispose() => _folder.Delete(recursive: true);
}
