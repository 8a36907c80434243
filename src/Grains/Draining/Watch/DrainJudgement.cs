namespace Meridian.Grains.Draining.Watch;

/// <summary>Computes the progress of a drain: a pure function of the silos' reports.</summary>
internal static class DrainJudgement
{
    /// <param name="active">Silos that are members now.</param>
    /// <param name="heard">The newest report of each silo, by its address.</param>
    /// <param name="now">Must come from the same clock as the drain's own times.</param>
    /// <param name="settle">Time after the drain's begin during which processes that have not heard of it may still send requests.</param>
    public static DrainReport Judge(DrainRecord drain, IReadOnlyCollection<string> active, IReadOnlyDictionary<string, SiloWork> heard, DateTimeOffset now, TimeSpan settle)
    {
        var work = default(WorkCount);
        var unheard = 0;
        foreach (var silo in active)
        {
            if (drain.Scope == DrainScope.Silo && silo != drain.Silo) continue;
            if (!heard.TryGetValue(silo, out var said) || said.KnownRevision < drain.Id)
            {
                unheard++;
                if (said is null) continue;
            }

            foreach (var shard in said.Shards)
            {
                if (drain.Scope != DrainScope.Replica || IsReplica(shard.Key, drain)) work += shard.Work;
            }
        }

        // A drained region keeps its replicas, because it may be needed again. Drained silos and replicas must have no replica left.
        var done = unheard == 0 && work.IsIdle && (drain.Scope == DrainScope.Region || work.Replicas == 0);
        if (drain.Scope == DrainScope.Region && now < drain.Since + settle) done = false;
        var deadline = drain.Since + TimeSpan.FromSeconds(drain.DeadlineSeconds);
        return new DrainReport
        {
            Id = drain.Id,
            Target = drain.Target(),
            State = done ? DrainState.Empty : DrainState.Draining,
            Since = drain.Since,
            Deadline = deadline,
            Overdue = now >= deadline,
            By = drain.By,
            Reason = drain.Reason,
            Sticky = drain.Sticky,
            Work = work,
            Unheard = unheard,
        };
    }

    private static bool IsReplica(string key, DrainRecord drain)
    {
        var shard = ShardKey.Parse(key);
        return shard.Model == drain.Model && shard.Replica == drain.Replica;
    }
}
