using Meridian.Specs;

namespace Meridian.Federation.Configuration;

/// <summary>One model of the installation, as this process is configured. The intent log takes it over once; after that the log decides.</summary>
public sealed class ModelDeclarationOptions
{
    /// <summary>The <see cref="ModelSpec.Origin"/> of records that come from a configuration.</summary>
    public const string Origin = "configuration";

    /// <value>Name that callers use, for example <c>minilm</c>.</value>
    public string Name { get; set; } = "";

    /// <value>What it does. Default <c>embedding</c>.</value>
    public string Kind { get; set; } = "embedding";

    /// <value>Who made it. Default <c>meridian</c>.</value>
    public string OwnedBy { get; set; } = "meridian";

    /// <value>When it was made, unix seconds.</value>
    public long Created { get; set; }

    /// <value>Names of the regions it is deployed to; empty (the default) means all.</value>
    public List<string> Regions { get; set; } = [];

    /// <value>See <see cref="FederationOptions.HedgeAfterMs"/>; null (the default) takes that.</value>
    public int? HedgeAfterMs { get; set; }

    /// <value>Name of the routing policy for its requests, or null for each edge's own.</value>
    public string? Routing { get; set; }

    /// <value>Version to serve, or null for the newest installed one.</value>
    public string? Version { get; set; }

    /// <value>Variant to serve, or null for the newest installed one.</value>
    public string? Variant { get; set; }

    /// <value>Replicas in each region until an operator scales the model there. Default 1.</value>
    public int Replicas { get; set; } = 1;

    /// <value>How the engines run.</value>
    public EngineSettings Engine { get; set; } = new();

    /// <value>
    /// If the command line names the model, the order as <c>name=folder</c>; otherwise null. A new order overrides the log. Other entries are only proposed, once.
    /// </value>
    public string? Order { get; set; }

    /// <summary>The entry as the record <c>model</c>.</summary>
    public ModelSpec ToSpec() => new()
    {
        Kind = Kind,
        OwnedBy = OwnedBy,
        Created = Created,
        Engine = Engine,
        Routing = this is { Routing: null, HedgeAfterMs: null } ? null : new RoutingSpec { Policy = Routing, HedgeAfterMs = HedgeAfterMs },
        Origin = Origin,
    };

    /// <summary>The entry as the record <c>deployment</c>.</summary>
    public DeploymentSpec ToDeployment() => new() { Regions = [.. Regions], Version = Version, Variant = Variant, Replicas = Replicas, Origin = Origin };
}
