using System.Collections.Frozen;
using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Residency;

/// <summary>The residency of tenants, as the intent states it. Looks a tenant up in an index that is built once per intent.</summary>
public sealed class TenantResidency
{
    private Index? _index;

    /// <returns>Permitted jurisdictions; null where the intent does not restrict the tenant.</returns>
    public string[]? Of(Intent intent, string tenant)
    {
        ArgumentNullException.ThrowIfNull(intent);
        ArgumentNullException.ThrowIfNull(tenant);

        // The intent of an older build has no tenants.
        if (intent.Tenants is not { Length: > 0 })
            return null;
        var index = Volatile.Read(ref _index);
        if (index is null || !ReferenceEquals(index.Intent, intent))
            Volatile.Write(ref _index, index = new Index(intent));
        return index.Residencies.GetValueOrDefault(tenant);
    }

    private sealed class Index(Intent intent)
    {
        public Intent Intent { get; } = intent;

        public FrozenDictionary<string, string[]?> Residencies { get; } = intent.Tenants.ToFrozenDictionary(t => t.Name, t => t.Residency, StringComparer.Ordinal);
    }
}
