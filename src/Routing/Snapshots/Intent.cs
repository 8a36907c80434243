using MessagePack;

namespace Meridian.Routing.Snapshots;

/// <summary>
/// What the operators want: the same in every region. It comes from the intent log, or, where there is none, from the settings of the process.
/// </summary>
[MessagePackObject]
public sealed record Intent
{
    /// <value>Rises with every change. Of two intents the one with the higher epoch is the newer.</value>
    [Key(0)] public required long Epoch { get; init; }

    [Key(1)] public required RegionMember[] Regions { get; init; }

    [Key(2)] public required ModelDeclaration[] Models { get; init; }

    /// <value>What binds tenants' data; a tenant that is not named is not restricted.</value>
    [Key(3)] public TenantDeclaration[] Tenants { get; init; } = [];

    public static Intent Empty { get; } = new() { Epoch = 0, Regions = [], Models = [] };
}

/// <summary>A region as intent knows it: where it is, under which law, how to reach it.</summary>
[MessagePackObject]
public sealed record RegionMember
{
    /// <value>Unique name, for example <c>westeurope</c>.</value>
    [Key(0)] public required string Name { get; init; }

    /// <value>Law that data in this region is under, for example <c>eu</c>.</value>
    [Key(1)] public required string Jurisdiction { get; init; }

    /// <value>Address of the region protocol (HTTP/2), for example <c>http://127.0.0.1:8190</c>.</value>
    [Key(2)] public required Uri Protocol { get; init; }

    /// <value>Address of the HTTP facade as callers reach it, or null where the region has none.</value>
    [Key(3)] public Uri? Facade { get; init; }

    /// <value>Where it stands, in words, or null.</value>
    [Key(4)] public string? Location { get; init; }

    /// <value>Country by ISO 3166-1 alpha-2, upper case, or null.</value>
    [Key(5)] public string? Country { get; init; }

    /// <value>Price of a replica's hour in the installation's currency; 0 while unknown.</value>
    [Key(6)] public double PricePerHour { get; init; }
}

/// <summary>A model that the installation serves.</summary>
[MessagePackObject]
public sealed record ModelDeclaration
{
    /// <value>Name that callers use, for example <c>minilm</c>.</value>
    [Key(0)] public required string Name { get; init; }

    /// <value>What it does, for example <c>embedding</c>.</value>
    [Key(1)] public required string Kind { get; init; }

    /// <value>Who made it, shown by <c>/v1/models</c>.</value>
    [Key(2)] public required string OwnedBy { get; init; }

    /// <value>When it was made, unix seconds.</value>
    [Key(3)] public long Created { get; init; }

    /// <value>Names of the regions it is deployed to; empty means all.</value>
    [Key(4)] public string[] Regions { get; init; } = [];

    /// <value>Name of the routing policy for this model, or null for the edge's own.</value>
    [Key(5)] public string? Routing { get; init; }

    /// <value>After how many ms without an answer a request that is not streamed is sent to a second region, too; 0 never, null as the edge is set.</value>
    [Key(6)] public int? HedgeAfterMs { get; init; }
}

/// <summary>What binds a tenant's data.</summary>
[MessagePackObject]
public sealed record TenantDeclaration
{
    [Key(0)] public required string Name { get; init; }

    /// <value>Jurisdictions that its data may enter; null for no restriction, empty for none at all.</value>
    [Key(1)] public string[]? Residency { get; init; }
}
