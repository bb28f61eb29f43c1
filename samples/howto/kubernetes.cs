#:package MLNet.AnomalyNormalization.Orleans@*-*
#:package Microsoft.Orleans.Server@10.4.2
#:package Microsoft.Orleans.Hosting.Kubernetes@10.4.2
#:package Microsoft.Orleans.Clustering.Redis@10.4.2
#:package Microsoft.Orleans.Persistence.Redis@10.4.2
#:package StackExchange.Redis@2.13.17
#:package Microsoft.Extensions.Hosting@10.0.11
#:property PublishAot=false

// A silo in a pod. What it is called and where it is reached comes from the pod's labels and variables; REDIS names the Redis that all share.

using Microsoft.Extensions.Hosting;
using MLNet.AnomalyNormalization.Orleans;
using StackExchange.Redis;

string redis = Environment.GetEnvironmentVariable("REDIS") ?? "redis:6379";
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.UseOrleans(silo =>
{
    silo.UseKubernetesHosting();
    silo.UseRedisClustering(redis);
    silo.AddRedisGrainStorage(AnomalyFleet.StationStorage, options => options.ConfigurationOptions = ConfigurationOptions.Parse(redis));
});
builder.Build().Run();
