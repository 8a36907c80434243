using System.Collections.Frozen;
using System.Runtime.CompilerServices;

namespace Meridian.Routing.Snapshots;

/// <summary>Intent and views together: everything that a routing decision may read. Immutable and replaced as a whole, so readers need no lock.</summary>
public sealed record DirectorySnapshot
{
    private RegionView[]? _viewsInOrder;
    private object? _derived;

    // A copy may get another intent or other views. So the values derived from them are not copied.
    private DirectorySnapshot(DirectorySnapshot other)
    {
        Edge = other.Edge;
        OwnRegion = other.OwnRegion;
        Intent = other.Intent;
        Views = other.Views;
    }

    /// <value>Name of the edge that observes, for example <c>front-door</c> or the name of a region.</value>
    public required string Edge { get; init; }

    /// <value>The edge's own region, or null for a front door.</value>
    public string? OwnRegion { get; init; }

    public required Intent Intent { get; init; }

    /// <value>By region name. A member that was never heard of has <see cref="RegionHealth.Unknown"/>.</value>
    public required FrozenDictionary<string, RegionView> Views { get; init; }

    /// <value>
    /// The same views in the order of <see cref="Intent.Regions"/>, one for each member. A member without a view gets one with
    /// <see cref="RegionHealth.Unknown"/>. The creator of the snapshot may set this array; otherwise the first read makes it from <see cref="Views"/>. Do not
    /// write to it.
    /// </value>
    public RegionView[] ViewsInOrder
    {
        get => Volatile.Read(ref _viewsInOrder) ?? Order();
        init => _viewsInOrder = value;
    }

    /// <summary>
    /// A result that depends on the snapshot alone. The first caller makes it, and it is kept as long as the snapshot. A snapshot keeps one result.
    /// </summary>
    /// <param name="make">Makes the result. Two callers may call it at the same time; one of the two results is kept.</param>
    internal T Derived<T>(Func<DirectorySnapshot, T> make)
        where T : class
    {
        if (Volatile.Read(ref _derived) is T known)
            return known;
        var made = make(this);
        return (T?)Interlocked.CompareExchange(ref _derived, made, null) ?? made;
    }

    /// <summary>Whether both are the same object. Comparing values would say nothing, because views hold arrays and tokens.</summary>
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

        // Two threads may do this at the same time. Either result is right.
        Volatile.Write(ref _viewsInOrder, views);
        return views;
    }
}
