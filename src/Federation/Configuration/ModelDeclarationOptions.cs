namespace Meridian.Federation.Configuration;

/// <summary>One model of the installation.</summary>
public sealed class ModelDeclarationOptions
{
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
}
