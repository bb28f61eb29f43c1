using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MLNet.AnomalyNormalization.Hosting.Tests;

[TestClass]
public sealed class ReadmeExamples
{
    [TestMethod]
    public void An_application_registers_an_inspector_by_name_and_binds_its_options()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection([new("Inspection:line4:ModelPath", "model.onnx")]).Build());
        services.AddAnomalyInspector("line4").BindConfiguration("Inspection:line4");     // ModelPath, thresholds, review band, ...
        services.AddHealthChecks().AddAnomalyInspector("line4");                        // runs the model on the reference picture
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.AreEqual("model.onnx", provider.GetRequiredService<IOptionsMonitor<HostedInspectorOptions>>().Get("line4").ModelPath);
        Assert.ThrowsExactly<FileNotFoundException>(() => provider.GetRequiredKeyedService<HostedInspector>("line4"));
    }
}
