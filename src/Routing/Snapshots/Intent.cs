using Meridian.Specs;
using MessagePack;

namespace Meridian.Routing.Snapshots;

/// <summary>
/// The state that the operators want. It is the same in every region. It comes from the intent log or, without a log, from the settings of the process.
/// </summary>
[MessagePackObject]
public sealed record Intent
{
    /// <value>Rises with every change. Of two intents the one with the higher epoch is the newer.</value>
    [Key(0)] public required long Epoch { get; init; }

    [Key(1)] public required RegionMember[] Regions { get; init; }

    [Key(2)] public required ModelDeclaration[] Models { get; init; }

    /// <value>Restrictions on tenants' data. A tenant that is not listed is not restricted.</value>
    [Key(3)] public TenantDeclaration[] Tenants { get; init; } = [];

    public static Intent Empty { get; } = new() { Epoch = 0, Regions = [], Models = [] };
}

/// <summary>A region in the intent: its location, its jurisdiction and its addresses.</summary>
[MessagePackObject]
public sealed record RegionMember
{
    /// <value>Unique name, for example <c>westeurope</c>.</value>
    [Key(0)] public required string Name { get; init; }

    /// <value>Law that applies to data in this region, for example <c>eu</c>.</value>
    [Key(1)] public required string Jurisdiction { get; init; }

    /// <value>Address of the region protocol (HTTP/2), for example <c>http://127.0.0.1:8190</c>.</value>
    [Key(2)] public required Uri Protocol { get; init; }

    /// <value>Address of the HTTP facade for callers, or null if the region has none.</value>
    [Key(3)] public Uri? Facade { get; init; }

    /// <value>Location of the region in words, or null.</value>
    [Key(4)] public string? Location { get; init; }

    /// <value>Country by ISO 3166-1 alpha-2, upper case, or null.</value>
    [Key(5)] public string? Country { get; init; }

    /// <value>Price of one replica for one hour in the installation's currency; 0 while unknown.</value>
    [Key(6)] public double PricePerHour { get; init; }
}

/// <summary>A model that the installation serves.</summary>
[MessagePackObject]
public sealed record ModelDeclaration
{
    /// <value>Name that callers use, for example <c>minilm</c>.</value>
    [Key(0)] public required string Name { get; init; }

    /// <value>Task of the model, for example <c>embedding</c>.</value>
    [Key(1)] public required string Kind { get; init; }

    /// <value>Maker of the model, shown by <c>/v1/models</c>.</value>
    [Key(2)] public required string OwnedBy { get; init; }

    /// <value>Time when the model was made, unix seconds.</value>
    [Key(3)] public long Created { get; init; }

    /// <value>Names of the regions that the model is deployed to; empty means all.</value>
    [Key(4)] public string[] Regions { get; init; } = [];

    /// <value>Name of the routing policy for this model, or null for the policy of the edge.</value>
    [Key(5)] public string? Routing { get; init; }

    /// <value>
    /// Hedging delay, ms: if a request that is not streamed has no answer after this time, it is also sent to a second region. 0 means never, null means the
    /// edge's setting.
    /// </value>
    [Key(6)] public int? HedgeAfterMs { get; init; }

    /// <value>The model's record in the log. Null from a process of an older build; the fields above hold in both cases.</value>
    [Key(7)] public ModelSpec? Spec { get; init; }

    /// <value>The model's deployment in the log. Null for a model without one, which all regions serve, and from a process of an older build.</value>
    [Key(8)] public DeploymentSpec? Deployment { get; init; }

    /// <summary>A model as its records declare it.</summary>
    public static ModelDeclaration Of(string name, ModelSpec spec, DeploymentSpec? deployment) => new()
    {
        Name = name,
        Kind = spec.Kind,
        OwnedBy = spec.OwnedBy ?? "",
        Created = spec.Created,
        Regions = deployment?.Regions ?? [],
        Routing = spec.Routing?.Policy,
        HedgeAfterMs = spec.Routing?.HedgeAfterMs,
        Spec = spec,
        Deployment = deployment,
    };
}

/// <summary>The restrictions on a tenant's data.</summary>
[MessagePackObject]
public sealed record TenantDeclaration
{
    [Key(0)] public required string Name { get; init; }

    /// <value>Jurisdictions that the tenant's data may enter. Null means no restriction; an empty list means that no jurisdiction is permitted.</value>
    [Key(1)] public string[]? Residency { get; init; }
}
