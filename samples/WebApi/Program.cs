// Inspects images over HTTP: POST one to /inspect, get its score, the decision and a heat map.
using WebApi;

try
{
    await InspectionApi.Create(args).RunAsync();
    return 0;
}
catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
