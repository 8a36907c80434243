using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tables;

/// <summary>
/// A snapshot as decisions read it: what does not depend on the request is worked out once for each model (and version and variant) that is asked for, by whoever asks first, and read by all
/// who come after. No locks: two who come first at once both work it out, alike, and one result stays.
/// </summary>
internal sealed class RoutingTable
{
    /// <summary>Callers choose versions and variants: what is kept of those must be bounded.</summary>
    private const int MostPins = 16;

    private readonly DirectorySnapshot _snapshot;
    private readonly StatusIndex?[] _statuses;
    private readonly CandidateSet?[] _sets;

    private RoutingTable(DirectorySnapshot snapshot)
    {
        _snapshot = snapshot;
        Index = IntentIndex.Of(snapshot.Intent);
        OwnRegion = snapshot.OwnRegion is { } own && Index.Regions.TryGetValue(own, out var at) ? at : -1;
        _statuses = new StatusIndex[snapshot.Intent.Regions.Length];
        _sets = new CandidateSet[snapshot.Intent.Models.Length];
    }

    /// <summary>The table of a snapshot, made when it is first asked for.</summary>
    public static RoutingTable Of(DirectorySnapshot snapshot) => snapshot.Derived(static s => new RoutingTable(s));

    public IntentIndex Index { get; }

    /// <value>Position of the edge's own region, or -1.</value>
    public int OwnRegion { get; }

    public CandidateSet Of(int model, string? version, string? variant)
    {
        ref var slot = ref _sets[model];
        var first = Volatile.Read(ref slot);
        var count = 0;
        for (var set = first; set is not null; set = set.Next, count++)
        {
            if (set.Version == version && set.Variant == variant)
                return set;
        }

        var made = new CandidateSet(this, _snapshot, model, version, variant) { Next = first };
        if (count < MostPins)
            Interlocked.CompareExchange(ref slot, made, first);
        return made;
    }

    public StatusIndex Status(int region)
    {
        if (Volatile.Read(ref _statuses[region]) is { } known)
            return known;
        var status = StatusIndex.Of(_snapshot.ViewsInOrder[region].Models, Index);
        Volatile.Write(ref _statuses[region], status);
        return status;
    }
}
