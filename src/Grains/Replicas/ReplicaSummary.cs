using Meridian.Messages;

namespace Meridian.Grains.Replicas;

/// <summary>Sums up a replica table into the single status that other regions see.</summary>
internal static class ReplicaSummary
{
    /// <param name="stale">The reason why the table is too old to report ready replicas, or null.</param>
    public static ModelStatus Of(ReplicaTable table, string? stale = null)
    {
        int ready = 0, inFlight = 0, queued = 0, capacity = 0;
        var serviceMs = 0f;
        var paces = new List<TokenPace>();
        var arithmetics = new HashSet<string?>(StringComparer.Ordinal);
        var problem = stale ?? table.Problem;
        foreach (var replica in table.Replicas)
        {
            problem ??= replica.Problem;
            if (replica.State != ShardState.Ready || stale is not null) continue;
            ready++;
            inFlight += replica.InFlight;
            queued += replica.Queued;
            capacity += replica.QueueCapacity;
            serviceMs += replica.ServiceMs;
            if (replica.Pace is { } pace) paces.Add(pace);
            arithmetics.Add(replica.Arithmetic);
        }

        return new ModelStatus
        {
            Model = table.Model,
            Version = table.Version,
            Variant = table.Variant,
            DesiredReplicas = table.DesiredReplicas,
            ReadyReplicas = ready,
            InFlight = inFlight,
            Queued = queued,
            QueueCapacity = capacity,
            ServiceMs = ready == 0 ? 0 : serviceMs / ready,
            Problem = problem,
            Pace = ready > 0 && paces.Count == ready ? Mean(paces) : null,
            Arithmetic = arithmetics.Count == 1 ? arithmetics.Single() : null,
        };
    }

    private static TokenPace Mean(List<TokenPace> paces)
    {
        // A replica on which no sequence has ended yet does not know the usual length.
        var tokens = paces.Where(p => p.Tokens > 0).Select(p => p.Tokens);
        return new TokenPace
        {
            TokenMs = paces.Average(p => p.TokenMs),
            AloneMs = paces.Average(p => p.AloneMs),
            Tokens = tokens.DefaultIfEmpty().Average(),
            Slots = paces.Sum(p => p.Slots),
        };
    }
}
