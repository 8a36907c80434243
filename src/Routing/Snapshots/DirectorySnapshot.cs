using System.Collections.Frozen;
using System.Runtime.CompilerServices;

namespace Meridian.Routing.Snapshots;

/// <summary>Intent plus view: all that a routing decision may look at. Immutable and swapped whole, so readers need no lock.</summary>
public sealed record DirectorySnapshot
{
    private RegionView[]? _viewsInOrder;
    private object? _derived;

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

    /// <summary>A result that depends on the snapshot alone: made by the first caller and kept as long as the snapshot. A snapshot keeps one result.</summary>
    /// <param name="make">Makes the result. Two callers may both make it at once; one of the two stays.</param>
    internal T Derived<T>(Func<DirectorySnapshot, T> make)
        where T : class
    {
        if (Volatile.Read(ref _derived) is T known)
            return known;
        var made = make(this);
        return (T?)Interlocked.CompareExchange(ref _derived, made, null) ?? made;
    }

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
}
