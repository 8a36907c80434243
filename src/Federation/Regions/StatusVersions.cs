using Meridian.Messages;

namespace Meridian.Federation.Regions;

/// <summary>
/// The answering side of heartbeats: remembers at which version each model's status changed last, so that an ack carries what its observer does not know yet. A thousand models
/// are some 80 kB, five times a second to fifty observers; mostly nothing has changed. An observer of an earlier build names no version and gets everything.
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
            // Read again inside: of two callers the one with the older status must not come last.
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
    /// <param name="AllSince">Least version that a change can be told from: earlier ones had other models, or the same in another order.</param>
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
