using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Hosting;
using MLNet.AnomalyNormalization.Onnx;

/// <summary>Logs a decision for every picture that comes into a folder after the start.</summary>
internal sealed class FolderWatch(HostedInspector inspector, IConfiguration configuration, ILogger<FolderWatch> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DirectoryInfo folder = Directory.CreateDirectory(configuration["Folder"] ?? "pictures");
        logger.LogInformation("Watching {Folder}", folder.FullName);
        Dictionary<string, (long Length, DateTime Written, bool IsInspected)> before =
            folder.EnumerateFiles().ToDictionary(file => file.Name, file => (file.Length, file.LastWriteTimeUtc, true));

        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Dictionary<string, (long Length, DateTime Written, bool IsInspected)> now = [];
            foreach (FileInfo file in folder.EnumerateFiles())
            {
                // Whoever writes a picture has finished when it stays the same for a second.
                bool isWhole = before.TryGetValue(file.Name, out var last) && (last.Length, last.Written) == (file.Length, file.LastWriteTimeUtc);
                if (isWhole && !last.IsInspected)
                    await InspectAsync(file.FullName, stoppingToken);
                now[file.Name] = (file.Length, file.LastWriteTimeUtc, isWhole);
            }

            before = now;
        }
    }

    private async Task InspectAsync(string path, CancellationToken stoppingToken)
    {
        try
        {
            Inspection inspection = await inspector.InspectAsync(path, stoppingToken);
            LogLevel level = inspection.Decision == Decision.Pass ? LogLevel.Information : LogLevel.Warning;
            logger.Log(level, "{Inspection}", inspection);      // part.png: 244.1, reject (raw 6.12093, threshold 2.5073)
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            logger.LogError("{Message}", e.Message);
        }
    }
}
