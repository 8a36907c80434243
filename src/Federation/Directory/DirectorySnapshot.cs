using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Meridian.Federation.Routing.Tables;

namespace Meridian.Federation.Directory;

/// <summary>Intent plus view: all that a routing decision may look at. Immutable and swapped whole, so readers need no lock.</summary>
public sealed record DirectorySnapshot
{
    private RegionView[]? _viewsInOrder;
    private RoutingTable? _routing;

    // What is derived from intent and views is not copied: a copy may be given others.
    private DirectorySnapshot(DirectorySnapshot other)
    {
        Edge = other.Edge;
        OwnRegion = other.OwnRegion;
        Intent = other.Intent;
        Views = other.Views;
    }

    /// <value>Name of the observing edge, for example <c>front-door</c> or the region's name.</value>
    public required string Edge { get; init; }

    /// <value>The observer's own region, or null for a front door.</value>
    public string? OwnRegion { get; init; }

    public required Intent Intent { get; init; }

    /// <value>By region name; a member that was never heard of has <see cref="RegionHealth.Unknown"/>.</value>
    public required FrozenDictionary<string, RegionView> Views { get; init; }

    /// <value>
    /// The same views in the order of <see cref="Intent.Regions"/>, one each; a member without a view has one of <see cref="RegionHealth.Unknown"/>. Whoever makes a snapshot may give it,
    /// else it is made of <see cref="Views"/> when it is first asked for. Not to be written to.
    /// </value>
    public RegionView[] ViewsInOrder
    {
        get => Volatile.Read(ref _viewsInOrder) ?? Order();
        init => _viewsInOrder = value;
    }

    /// <value>The snapshot as decisions read it; made when it is first asked for.</value>
    internal RoutingTable Routing => Volatile.Read(ref _routing) ?? Tabulate();

    /// <summary>Whether both are the same object: views hold arrays and tokens, of which equal values say nothing.</summary>
    public bool Equals(DirectorySnapshot? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    private RegionView[] Order()
    {
        var views = new RegionView[Intent.Regions.Length];
        for (var i = 0; i < views.Length; i++)
        {
            var name = Intent.Regions[i].Name;
            views[i] = Views.TryGetValue(name, out var view) ? view : new RegionView { Name = name, Health = RegionHealth.Unknown };
        }

        // Two threads may make it at once; either result will do.
        Volatile.Write(ref _viewsInOrder, views);
        return views;
    }

    private RoutingTable Tabulate()
    {
        var table = new RoutingTable(this);

        // What the first has worked out already must not be lost to the second.
        return Interlocked.CompareExchange(ref _routing, table, null) ?? table;
    }
}
