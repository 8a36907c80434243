using MessagePack;

namespace Meridian.Federation.Directory;

/// <summary>
/// What the operators want: the same in every region. Today it comes from configuration; <see cref="IIntentSource"/> is the seam for the replicated log.
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
