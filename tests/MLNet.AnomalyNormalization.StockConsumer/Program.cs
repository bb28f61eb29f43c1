using System.Globalization;
using Microsoft.ML;

// DATA CULTURES MODEL...: applies every model under every culture and writes MODEL.CULTURE.idv beside the model.
var mlContext = new MLContext();
IDataView data = mlContext.Data.LoadFromBinary(args[0]);
foreach (string culture in args[1].Split(';'))
{
    CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
    foreach (string model in args[2..])
    {
        IDataView output = mlContext.Model.Load(model, out _).Transform(data);
        using FileStream stream = File.Create($"{model}.{culture}.idv");
        mlContext.Data.SaveAsBinary(output, stream);
    }
}

string[] ours = [.. AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetName().Name!)
    .Where(name => name.StartsWith("MLNet.AnomalyNormalization", StringComparison.Ordinal) && !name.EndsWith("StockConsumer", StringComparison.Ordinal))];
Console.WriteLine($"{ours.Length} assemblies of ours");
