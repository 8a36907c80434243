using Meridian.Messages;

namespace Meridian.Federation.Regions;

/// <summary>
/// The region's side of heartbeats. The status of a thousand models is some 80 kB, sent five times a second to fifty observers, although mostly nothing has
/// changed. So this class remembers at which version the status of each model changed last, and an ack carries only the changes that its observer does not
/// know. An observer of an earlier build sends no version and gets everything.
/// Thread-safe.
/// </summary>
internal sealed class StatusVersions(ILocalRegion region)
{
    private readonly Lock _lock = new();
    private Versioned? _current;

    public BeatAck Ack(Beat beat)
    {
        var current = Current();
        var known = beat.KnownStatus;
        if (known < current.AllSince || known > current.Version)
        {
            return new BeatAck { Sequence = beat.Sequence, SentTimestamp = beat.SentTimestamp, Status = current.Source, StatusVersion = current.Version };
        }

        var places = current.ChangedAfter(known);
        return new BeatAck
        {
            Sequence = beat.Sequence,
            SentTimestamp = beat.SentTimestamp,
            Status = places is null ? current.Lean : current.Source with { Models = Array.ConvertAll(places, i => current.Source.Models[i]) },
            StatusVersion = current.Version,
            StatusSince = known,
            ChangedModels = places,
        };
    }

    private Versioned Current()
    {
        var current = Volatile.Read(ref _current);
        if (current is not null && ReferenceEquals(current.Source, region.Status))
            return current;
        lock (_lock)
        {
            // Read again inside the lock: if two callers race, the older status must not be stored last.
            var status = region.Status;
            current = _current;
            if (current is null || !ReferenceEquals(current.Source, status))
            {
                current = Versioned.After(current, status);
                Volatile.Write(ref _current, current);
            }

            return current;
        }
    }

    /// <summary>A status with the version at which each of its models changed last.</summary>
    /// <param name="AllSince">The least version from which changes can be given. Before it, the region had other models or another order of models.</param>
    private sealed record Versioned(RegionStatus Source, RegionStatus Lean, long Version, long AllSince, long[] ChangedAt)
    {
        public static Versioned After(Versioned? before, RegionStatus status)
        {
            status = status.Models is null ? status with { Models = [] } : status;
            var lean = status with { Models = [] };
            var version = (before?.Version ?? 0) + 1;
            if (before is null || !SameModels(before.Source.Models, status.Models))
            {
                var all = new long[status.Models.Length];
                Array.Fill(all, version);
                return new Versioned(status, lean, version, version, all);
            }

            long[]? changed = null;
            for (var i = 0; i < status.Models.Length; i++)
            {
                if (before.Source.Models[i].Equals(status.Models[i]))
                    continue;
                changed ??= (long[])before.ChangedAt.Clone();
                changed[i] = version;
            }

            return changed is null
                ? before with { Source = status, Lean = lean }
                : new Versioned(status, lean, version, before.AllSince, changed);
        }

        public int[]? ChangedAfter(long known)
        {
            if (known == Version)
                return null;
            var count = 0;
            foreach (var at in ChangedAt)
                count += at > known ? 1 : 0;
            var places = new int[count];
            for (int i = 0, next = 0; next < count; i++)
            {
                if (ChangedAt[i] > known)
                    places[next++] = i;
            }

            return places;
        }

        private static bool SameModels(ModelStatus[] before, ModelStatus[] after)
        {
            if (before.Length != after.Length)
                return false;
            for (var i = 0; i < after.Length; i++)
            {
                if (before[i].Model != after[i].Model || before[i].Version != after[i].Version || before[i].Variant != after[i].Variant)
                    return false;
            }

            return true;
        }
    }
}
