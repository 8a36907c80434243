using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tables;

/// <summary>
/// The data of one snapshot in the form that routing decisions read. Everything that does not depend on the request is computed once for each requested
/// model, version and variant: the first caller computes it and later callers read it. There are no locks. If two first callers compute it at the same time,
/// both results are equal and one of them is kept.
/// </summary>
internal sealed class RoutingTable
{
    /// <summary>Most version and variant pairs that are kept for one model. Callers choose these values, so the number must be bounded.</summary>
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

    /// <summary>The table of a snapshot. The first call creates it.</summary>
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
