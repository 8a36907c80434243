using Meridian.Federation.Configuration;
using Meridian.Intents;
using Meridian.Intents.Options;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.IntentSources;

/// <summary>The configuration of this process as records, and how it differs from the log. For the admin API.</summary>
public sealed class ConfiguredState(IIntentLog log, IOptions<FederationOptions> federation, IOptions<IntentLogOptions> options)
{
    private readonly Lazy<ConfiguredRecords> _configured = new(() => ConfiguredRecords.From(federation.Value, options.Value));

    internal ConfiguredRecords Records => _configured.Value;

    /// <summary>The differences between the configuration and this process's copy of the log.</summary>
    public IReadOnlyList<DriftEntry> Drift() => IntentDrift.Between(Records, log.Current);

    /// <summary>The configured record with this key, as the log would store it; null if the configuration has none.</summary>
    public byte[]? Find(IntentKey key) => IntentDrift.Find(Records, log.Current, key);
}
