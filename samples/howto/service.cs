#:sdk Microsoft.NET.Sdk.Web
#:package MLNet.AnomalyNormalization.Hosting@*-*
#:package Microsoft.ML.OnnxRuntime@1.31.1
#:property PublishAot=false

// dotnet run service.cs -- --Inspection:ModelPath model.onnx: POST a picture to /inspect and get the decision as JSON; /health runs the model.
// When the model's file changes, the new one takes over while the service works. `dotnet new anomaly-inspection --kind webapi` has limits, too.

using MLNet.AnomalyNormalization.Hosting;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddAnomalyInspector("").BindConfiguration("Inspection");
builder.Services.AddHealthChecks().AddAnomalyInspector("");

WebApplication app = builder.Build();
app.MapHealthChecks("/health");
app.MapPost("/inspect", async (HttpRequest request, HostedInspector inspector, CancellationToken aborted)
    => Results.Text((await inspector.InspectAsync(request.Body, aborted)).ToJson(), "application/json"));
app.Run();
