// POST a picture to /inspect: the answer is its score, the decision and the regions as JSON. /health runs the model. appsettings.json names the
// model and thresholds; when its file changes, the new model takes over while the service works.
using MLNet.AnomalyNormalization.Hosting;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 20 << 20);
builder.Services.AddAnomalyInspector("").BindConfiguration("Inspection");
builder.Services.AddHealthChecks().AddAnomalyInspector("");
builder.Services.AddProblemDetails(details => details.CustomizeProblemDetails = problem =>
{
    if (problem.Exception is InvalidDataException e)
        problem.ProblemDetails.Detail = e.Message;
});

WebApplication app = builder.Build();
app.UseExceptionHandler(new ExceptionHandlerOptions
{
    // What is no picture is the fault of who sent it, who is told why.
    StatusCodeSelector = e => e is InvalidDataException ? 422 : (e as BadHttpRequestException)?.StatusCode ?? 500,
});
app.MapHealthChecks("/health");
app.MapPost("/inspect", async (HttpRequest request, HostedInspector inspector, CancellationToken aborted)
    => Results.Text((await inspector.InspectAsync(request.Body, aborted)).ToJson(), "application/json"));
app.Run();
