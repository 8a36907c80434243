namespace Meridian.Grains.Draining.Watch;

/// <summary>How far a drain is: a pure function over what the silos said.</summary>
internal static class DrainJudgement
{
    /// <param name="drain">The drain.</param>
    /// <param name="active">Silos that are members now.</param>
    /// <param name="heard">What each said last.</param>
    /// <param name="now">Of the same clock as the drain's own times.</param>
    /// <param name="settle">How long after its begin others may still send what they sent on before they heard of it.</param>
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

        // A region that is drained keeps its replicas: it may be wanted again. What is replaced must be gone.
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
