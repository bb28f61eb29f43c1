using Microsoft.Extensions.DependencyInjection;
using Orleans.Metadata;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.TypeSystem;

namespace MLNet.AnomalyNormalization.Orleans.Tests;

[TestClass]
public sealed class NamesTests
{
    [TestMethod]
    public async Task What_is_sent_and_stored_and_who_is_called_has_names_that_silos_of_other_versions_know()
    {
        await using Cluster cluster = await Cluster.Start(silos: 1);
        IServiceProvider services = cluster.Silos.Silos[0].ServiceProvider;
        var names = services.GetRequiredService<TypeConverter>();
        var grains = services.GetRequiredService<GrainTypeResolver>();
        var interfaces = services.GetRequiredService<GrainInterfaceTypeResolver>();

        string found = string.Join(Environment.NewLine, typeof(IStationGrain).Assembly.GetTypes().Where(type => !type.IsGenericType).Select(type =>
            type.IsInterface && type.IsAssignableTo(typeof(IGrain)) ? $"interface {interfaces.GetGrainInterfaceType(type)}"
            : type.IsAssignableTo(typeof(Grain)) ? $"grain {grains.GetGrainType(type)}"
            : type.IsAssignableTo(typeof(IInvokable)) ? $"call {names.Format(type)}"
            : type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false) ? names.Format(type)
            : null).OfType<string>().Order(StringComparer.Ordinal));
        Assert.AreEqual(
            """
            MLNet.AnomalyNormalization.EvaluationPlan
            MLNet.AnomalyNormalization.EvaluationShard
            MLNet.AnomalyNormalization.FolderShard
            MLNet.AnomalyNormalization.ImageEvaluatorSurrogate
            MLNet.AnomalyNormalization.ImageShard
            MLNet.AnomalyNormalization.RangeProgress
            MLNet.AnomalyNormalization.ScoreDrift
            MLNet.AnomalyNormalization.ScoreHistogram
            MLNet.AnomalyNormalization.ScoreShard
            MLNet.AnomalyNormalization.ShardFailure
            MLNet.AnomalyNormalization.ShardImage
            MLNet.AnomalyNormalization.ShardOutcome
            MLNet.AnomalyNormalization.ShardRange
            MLNet.AnomalyNormalization.StationAlert
            MLNet.AnomalyNormalization.StationBatch
            MLNet.AnomalyNormalization.StationReference
            MLNet.AnomalyNormalization.StationState
            MLNet.AnomalyNormalization.StationStatus
            MLNet.AnomalyNormalization.StationWindow
            call ("inv",[GrainRef],[MLNet.AnomalyNormalization.IShardRangeGrain],"Advance")
            call ("inv",[GrainRef],[MLNet.AnomalyNormalization.IShardRangeGrain],"End")
            call ("inv",[GrainRef],[MLNet.AnomalyNormalization.IShardRangeGrain],"ReadBlock")
            call ("inv",[GrainRef],[MLNet.AnomalyNormalization.IShardWorkerGrain],"Evaluate")
            call ("inv",[GrainRef],[MLNet.AnomalyNormalization.IStationGrain],"Add")
            call ("inv",[GrainRef],[MLNet.AnomalyNormalization.IStationGrain],"ClearAlert")
            call ("inv",[GrainRef],[MLNet.AnomalyNormalization.IStationGrain],"GetEvaluator")
            call ("inv",[GrainRef],[MLNet.AnomalyNormalization.IStationGrain],"GetStatus")
            call ("inv",[GrainRef],[MLNet.AnomalyNormalization.IStationGrain],"SetReference")
            grain shardrange
            grain shardworker
            grain station
            interface MLNet.AnomalyNormalization.IShardRangeGrain
            interface MLNet.AnomalyNormalization.IShardWorkerGrain
            interface MLNet.AnomalyNormalization.IStationGrain
            """.ReplaceLineEndings(), found);
    }
}
