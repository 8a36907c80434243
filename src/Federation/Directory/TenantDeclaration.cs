using MessagePack;

namespace Meridian.Federation.Directory;

/// <summary>What binds a tenant's data.</summary>
[MessagePackObject]
public sealed record TenantDeclaration
{
    [Key(0)] public required string Name { get; init; }

    /// <value>Jurisdictions that its data may enter; null for no restriction, empty for none at all.</value>
    [Key(1)] public string[]? Residency { get; init; }
}
