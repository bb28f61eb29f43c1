using Microsoft.ML;
using VisualInspection;

if (args[0] == "draw")
{
    DrawnImages.Save(args[1]);
    return 0;
}

var mlContext = new MLContext(seed: 0);
InspectionFolder folder = InspectionFolder.Open(args[1]);
ImageSize size = folder.ImageSize.Within(int.Parse(args[2]));
Console.WriteLine(size);
var pipeline = new InspectionPipeline(mlContext, size);
DirectoryInfo temp = Directory.CreateTempSubdirectory();
string f = Path.Combine(temp.FullName, "f.onnx");
string m = Path.Combine(temp.FullName, "m.onnx");
var w = System.Diagnostics.Stopwatch.StartNew();
GaussianModel.SaveFeatures(f, size);
GaussianModel.Fit(pipeline.Features(f, folder.Train).Show("Learning", folder.Train.Count), size).Save(m);
Console.WriteLine(w.Elapsed);
int maps = 0;
var results = new List<(InspectionImage I, float S, float Max, float Mean)>();
foreach ((InspectionImage image, RawInspection r) in folder.Test.Zip(pipeline.Score(m, folder.Test)))
{
    results.Add((image, r.Score[0], r.Map.Max(), r.Map.Average()));
    Console.WriteLine($"{image.Name} {r.Score[0]:F3} {r.Map.Max():F3} {r.Map.Average():F3}");
    if (args.Length > 3)
    {
        byte[] px = r.Map.SelectMany(v => { byte b = (byte)Math.Clamp(v * 40, 0, 255); return new byte[] { b, b, b, 255 }; }).ToArray();
        Directory.CreateDirectory(args[3]);
        using var img = Microsoft.ML.Data.MLImage.CreateFromPixels(size.Width, size.Height, Microsoft.ML.Data.MLPixelFormat.Rgba32, px);
        img.Save(Path.Combine(args[3], image.Name.Replace('/', '_').Replace(".jpg", ".png")));
    }
}
Console.WriteLine(w.Elapsed);
double A(Func<(InspectionImage I, float S, float Max, float Mean), float> g)
{
    double n = 0, c = 0;
    foreach (var a in results.Where(r => r.I.IsAnomalous))
        foreach (var b in results.Where(r => !r.I.IsAnomalous)) { n++; c += g(a) > g(b) ? 1 : g(a) == g(b) ? 0.5 : 0; }
    return c / n;
}
Console.WriteLine($"score {A(r => r.S):F4} max {A(r => r.Max):F4} mean {A(r => r.Mean):F4}");
_ = maps;
return 0;
