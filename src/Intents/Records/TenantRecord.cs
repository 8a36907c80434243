using MessagePack;

namespace Meridian.Intents.Records;

/// <summary>What binds a tenant's data.</summary>
[MessagePackObject]
public sealed record TenantRecord
{
    /// <value>Jurisdictions that its data may enter; null for no restriction, empty for none at all.</value>
    [Key(0)] public string[]? Residency { get; init; }
}
