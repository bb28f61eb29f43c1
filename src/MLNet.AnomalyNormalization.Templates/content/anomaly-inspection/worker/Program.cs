// Inspects every picture that comes into a folder. appsettings.json names the folder, the model and thresholds; when the model's file changes,
// the new one takes over while the program works.
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddAnomalyInspector("").BindConfiguration("Inspection");
builder.Services.AddHostedService<FolderWatch>();
builder.Build().Run();
