using System.CommandLine;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary>
/// An inspector that, where <c>--minimum-area</c> or <c>--valid-area</c> is given, decides by the regions of the map: the score of a picture is then
/// the highest threshold at which a region that counts is found, on the scale of pixels, so that specks and ignored areas have no say.
/// </summary>
internal sealed class RegionInspector : IDisposable
{
    private readonly AnomalyInspector _inspector;

    private RegionInspector(AnomalyInspector inspector, AnomalyRegionOptions? regions) => (_inspector, Regions) = (inspector, regions);

    /// <summary>Which regions decide; null where the model's own score does.</summary>
    public AnomalyRegionOptions? Regions { get; }

    public AnomalyOnnxModel? Model => _inspector.Model;

    public ReviewBand? ReviewBand => _inspector.ReviewBand;

    /// <summary>The raw thresholds of scores and pixels.</summary>
    public AnomalyThresholds Thresholds => Regions is null ? _inspector.Thresholds : new(_inspector.Thresholds.Pixel, _inspector.Thresholds.Pixel);

    public void Dispose() => _inspector.Dispose();

    /// <summary>Inspects pictures, which lie in a folder of a data set or were named one by one.</summary>
    public List<Inspection> Inspect(IReadOnlyList<string> paths, ToolConsole console, CancellationToken stop)
        => console.Progress($"Inspecting {paths.Count} {(paths.Count == 1 ? "picture" : "pictures")}", _inspector.InspectAll(paths, stop).Select(Decide), paths.Count);

    private Inspection Decide(Inspection inspection)
    {
        if (Regions is null)
            return inspection;

        float score = AnomalyRegions.Score(inspection.RawMap!, Regions);
        var normalizer = new ScoreNormalizer(Thresholds.Image);
        return inspection with
        {
            RawScore = score,
            NormalizedScore = normalizer.Normalize(score),
            IsAnomalous = normalizer.IsAnomalous(score),
            Decision = normalizer.Decide(score, ReviewBand),
            Thresholds = Thresholds,
        };
    }

    /// <summary>The options of a command that decides by regions if it is asked to.</summary>
    public sealed class Choice
    {
        private readonly Option<int?> _minimumArea = new("--minimum-area")
        {
            Description = "Decide by the regions of the map that have at least so many of its pixels; smaller specks have no say.",
        };

        private readonly Option<string?> _validArea = new("--valid-area")
        {
            Description = "Decide by the regions of the map where this picture, of the size of the others, isn't black; the rest has no say.",
        };

        /// <summary>Adds the options to a command.</summary>
        public void AddTo(Command command)
        {
            command.Options.Add(_minimumArea);
            command.Options.Add(_validArea);
            command.Validators.Add(parsed =>
            {
                if (parsed.GetValue(_minimumArea) < 1)
                    parsed.AddError($"--minimum-area is {parsed.GetValue(_minimumArea)}; expected at least 1 pixel.");
            });
        }

        /// <summary>Refuses the options where scores were recorded.</summary>
        /// <exception cref="ArgumentException">One is given.</exception>
        public void RequireNone(ParseResult parsed)
        {
            if (IsMade(parsed))
                throw new ArgumentException("Recorded scores have no maps, hence no regions to decide by. Leave --minimum-area and --valid-area out.");
        }

        /// <summary>Opens a model.</summary>
        /// <param name="parsed">The command line.</param>
        /// <param name="model">The model.</param>
        /// <param name="options">How it decides.</param>
        /// <param name="picture">Any of the pictures, which tells the size of the maps.</param>
        /// <exception cref="ArgumentException">The model gives no map, or no region could be as large as is asked for.</exception>
        public RegionInspector Open(ParseResult parsed, string model, AnomalyInspectorOptions options, string picture)
        {
            AnomalyInspector inspector = AnomalyInspector.Open(model, options);
            if (!IsMade(parsed))
                return new(inspector, null);

            using (inspector)
            {
                if (inspector.Model is null)
                {
                    throw new ArgumentException(
                        $"'{model}' is a saved pipeline, which decides by what is in it. Give --minimum-area and --valid-area with an ONNX model.");
                }

                Inspection first = inspector.Inspect(picture);
                if (first.RawMap is not var (_, height, width))
                    throw new ArgumentException("The model gives no map, so that there are no regions to decide by. Leave --minimum-area and --valid-area out.");

                byte[]? valid = parsed.GetValue(_validArea) is { } path ? Read(path, height, width, first.InspectedArea ?? default) : null;
                int minimum = parsed.GetValue(_minimumArea) ?? 1, looked = valid?.Count(pixel => pixel != 0) ?? (height * width);
                if (minimum > looked)
                {
                    throw new ArgumentException(
                        $"--minimum-area is {minimum}, but only {looked} of the map's {height} x {width} pixels are looked at.");
                }

                var regions = new AnomalyRegionOptions { MinimumArea = minimum, ValidArea = valid };
                return new(AnomalyInspector.Open(model, options with { Regions = regions }), regions);
            }
        }

        private bool IsMade(ParseResult parsed) => parsed.GetValue(_minimumArea) is not null || parsed.GetValue(_validArea) is not null;

        private static byte[] Read(string path, int height, int width, PictureArea area)
        {
            if (!File.Exists(path))
                throw new FileNotFoundException($"There is no picture '{path}' for --valid-area.", path);
            return new FolderImage(path, "", path).ReadMask(height, width, area);
        }
    }
}
