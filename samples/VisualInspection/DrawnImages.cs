using Microsoft.ML.Data;

namespace VisualInspection;

/// <summary>
/// A set of images to try the program on, drawn by itself: woven linen, good and with five kinds of defects, from plain to hard to see.
/// </summary>
internal static class DrawnImages
{
    private const int TrainCount = 24;
    private const int GoodCount = 20;
    private const int DefectCount = 6;

    private static readonly (string Name, Action<Fabric, double> Draw)[] Defects =
    [
        ("cut", (fabric, severity) => fabric.Cut(severity)),
        ("discoloration", (fabric, severity) => fabric.Discoloration(severity)),
        ("hole", (fabric, severity) => fabric.Hole(severity)),
        ("stain", (fabric, severity) => fabric.Stain(severity)),
        ("thread", (fabric, severity) => fabric.Thread(severity)),
    ];

    private static int Count => TrainCount + GoodCount + (DefectCount * Defects.Length);

    /// <summary>Draws the set as PNG files in the layout of the MVTec data sets; the same pixels every time, everywhere.</summary>
    /// <param name="path">The folder: made if need be; files of the same name are replaced.</param>
    public static void Save(string path)
    {
        foreach ((string folder, int number, Fabric fabric) in Drawings().Show("Drawing images", Count))
        {
            Save(Path.Combine(path, folder), $"{number:000}.png", fabric.Pixels);
            if (fabric.HasDefect)
            {
                string truth = folder.Replace("test", "ground_truth", StringComparison.Ordinal);
                Save(Path.Combine(path, truth), $"{number:000}_mask.png", fabric.Mask);
            }
        }
    }

    /// <summary>Every image of the set: its folder, its number there, and the picture.</summary>
    public static IEnumerable<(string Folder, int Number, Fabric Fabric)> Drawings()
    {
        ulong seed = 0;
        for (int i = 0; i < TrainCount; i++)
            yield return ("train/good", i, new Fabric(seed++));
        for (int i = 0; i < GoodCount; i++)
            yield return ("test/good", i, new Fabric(seed++));
        foreach ((string name, Action<Fabric, double> draw) in Defects)
        {
            for (int i = 0; i < DefectCount; i++)
            {
                var fabric = new Fabric(seed++);
                draw(fabric, 1 - (i / (DefectCount - 1.0)));
                yield return ($"test/{name}", i, fabric);
            }
        }
    }

    private static void Save(string folder, string name, byte[] pixels)
    {
        Directory.CreateDirectory(folder);
        using MLImage image = MLImage.CreateFromPixels(Fabric.Size, Fabric.Size, MLPixelFormat.Rgba32, pixels);
        image.Save(Path.Combine(folder, name));
    }
}
