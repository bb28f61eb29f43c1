using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.State;
using MLNet.AnomalyNormalization.Orleans.Evaluation;

namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>Evaluation by a whole cluster, and what its configuration has to name.</summary>
public static class AnomalyFleet
{
    /// <summary>The name of the grain storage that <see cref="IStationGrain"/> needs, any that Orleans has or is given.</summary>
    public const string StationStorage = "AnomalyStations";

    // What a timer can count.
    private static readonly TimeSpan s_longestLimit = TimeSpan.FromDays(49);

    /// <summary>
    /// Evaluates a test set on all silos of a cluster: what <c>mlContext.AnomalyDetection.EvaluateNormalized</c> gives for the rows of all
    /// shards, one after another, to the bit, whatever the number of silos and the size of the shards, and whether or not a silo is lost
    /// on the way. Only its own shards are then evaluated again.
    /// </summary>
    /// <remarks>
    /// The shards are leaves of a tree of merges: ranges of neighbouring shards are merged on the silo that evaluates them, and the ranges
    /// by the caller. Each silo loads the model once and evaluates as many shards at a time as it has processors; a few ranges for each silo
    /// are under way at a time. So what waits is bounded however many shards there are, and what is found takes the memory of an evaluator,
    /// on the caller too: constant in grid precision, at most 8 bytes a pixel in exact.
    /// <para>
    /// A silo that is lost is noticed by the others (Orleans' <c>ClusterMembershipOptions</c>): by default within half a minute. Two of them
    /// have to vote for it, in a cluster of two the other one alone, so that there a silo that is merely out of breath can be declared dead;
    /// and where most silos are lost at once it takes one and a half minutes, until the lost ones don't count as voters any more. What has
    /// not answered for two minutes is not waited for: its shards are among the <see cref="FleetEvaluation.Failures"/>, by name, and all
    /// else is in the result.
    /// </para>
    /// </remarks>
    /// <param name="grains">The cluster, for instance an <c>IClusterClient</c>.</param>
    /// <param name="modelPath">
    /// A saved model with a normaliser, visible to the caller and every silo under this path; null if the shards hold normalised scores.
    /// </param>
    /// <param name="shards">The parts of the test set, each with a name of its own.</param>
    /// <param name="options">Columns and thresholds; no callbacks, which see rows in their order.</param>
    /// <param name="progress">Is told after each shard how far the evaluation has come.</param>
    /// <param name="timeLimit">
    /// How long the evaluation may take; null for as long as the cluster answers. When it is over, what was evaluated is the result, and the
    /// other shards are among the <see cref="FleetEvaluation.Failures"/>.
    /// </param>
    /// <param name="cancellationToken">Stops the evaluation on all silos.</param>
    /// <exception cref="ArgumentException">
    /// Two shards have the same name, or the options have callbacks, leave nothing to evaluate, or contradict each other.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="InvalidDataException">The model can't be loaded, or a silo sees another file than the caller.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time limit is not positive, or more than 49 days.</exception>
    /// <exception cref="TimeoutException">
    /// Nothing was evaluated: the cluster has not answered for two minutes, or the time limit was over before.
    /// </exception>
    /// <exception cref="OperationCanceledException">The evaluation was cancelled.</exception>
    public static Task<FleetEvaluation> EvaluateNormalizedAsync(
        this IGrainFactory grains, string? modelPath, IReadOnlyList<EvaluationShard> shards, AnomalyEvaluationOptions? options = null,
        IProgress<FleetProgress>? progress = null, TimeSpan? timeLimit = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(grains);
        ArgumentNullException.ThrowIfNull(shards);
        options ??= new();
        if (options.Callbacks.Count > 0)
        {
            throw new ArgumentException(
                "The options have callbacks, which see all rows in their order; a cluster has no such order. Use EvaluateNormalized of one process.",
                nameof(options));
        }

        if (timeLimit <= TimeSpan.Zero || timeLimit > s_longestLimit)
        {
            throw new ArgumentOutOfRangeException(
                nameof(timeLimit), timeLimit, $"Expected more than 0 and at most {s_longestLimit.TotalDays} days, or null for no limit.");
        }

        DataViewEvaluation.Require(options);
        _ = new EvaluationPart(options).Compute(options, cancellationToken: cancellationToken);
        if (shards.GroupBy(shard => shard.Name).FirstOrDefault(group => group.Count() > 1) is { } same)
            throw new ArgumentException($"{same.Count()} shards have the name '{same.Key}'. Give each a name of its own.", nameof(shards));
        if (modelPath is not null && !File.Exists(modelPath))
            throw new FileNotFoundException($"There is no model file '{modelPath}'.", modelPath);

        // Merging takes its time, which is not that of the caller's thread.
        return Task.Run(
            () =>
            {
                var evaluation = new ClusterEvaluation(grains, EvaluationPlan.For(modelPath, options), shards, progress)
                {
                    TimeLimit = timeLimit ?? Timeout.InfiniteTimeSpan,
                };
                return evaluation.Run(options, cancellationToken);
            },
            cancellationToken);
    }
}
