using Meridian.Messages;

namespace Meridian.Grains.Replicas;

/// <summary>Sums up a replica table into the statuses that other regions see: one for each version and variant.</summary>
internal static class ReplicaSummary
{
    /// <param name="stale">The reason why the table is too old to report ready replicas, or null.</param>
    public static ModelStatus[] Of(ReplicaTable table, string? stale = null)
    {
        if (table.Sets is not { Length: > 0 } sets)
            return [Of(table, new ReplicaSetStatus { Version = table.Version, Variant = table.Variant, DesiredReplicas = table.DesiredReplicas, Problem = table.Problem }, table.Replicas, stale)];
        if (sets.Length == 1)
            return [Of(table, sets[0], table.Replicas, stale)];
        return Array.ConvertAll(sets, set => Of(table, set, Array.FindAll(table.Replicas, replica => ShardKey.Parse(replica.Key) is var key && key.Version == set.Version && key.Variant == set.Variant), stale));
    }

    /// <summary>What keeps the model from its desired state, or null.</summary>
    public static string? ProblemOf(ReplicaTable table) => Of(table).Select(static status => status.Problem).FirstOrDefault(static problem => problem is not null);

    private static ModelStatus Of(ReplicaTable table, ReplicaSetStatus set, ShardStatus[] replicas, string? stale)
    {
        int ready = 0, inFlight = 0, queued = 0, capacity = 0;
        var serviceMs = 0f;
        var paces = new List<TokenPace>();
        var arithmetics = new HashSet<string?>(StringComparer.Ordinal);
        var problem = stale ?? set.Problem;
        foreach (var replica in replicas)
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
            Version = set.Version,
            Variant = set.Variant,
            DesiredReplicas = set.DesiredReplicas,
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
