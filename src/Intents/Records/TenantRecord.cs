using MessagePack;

namespace Meridian.Intents.Records;

/// <summary>The restrictions on a tenant's data.</summary>
[MessagePackObject]
public sealed record TenantRecord
{
    /// <value>Jurisdictions that the tenant's data may enter; null for no restriction, empty for no jurisdiction at all.</value>
    [Key(0)] public string[]? Residency { get; init; }
}
