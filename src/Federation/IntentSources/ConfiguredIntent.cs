using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.IntentSources;

/// <summary>
/// The intent from this process's configuration. It never changes while the process runs. A front door without models states no intent: its intent has epoch
/// 0, so that any region's intent overrules it. A region of which only the address is known is named by that address.
/// </summary>
public sealed class ConfiguredIntent(IOptions<FederationOptions> options) : IIntentSource
{
    public Intent Current { get; } = From(options.Value);

    public async Task<Intent> WaitForChangeAsync(long knownEpoch, CancellationToken cancellationToken)
    {
        if (Current.Epoch <= knownEpoch)
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        return Current;
    }

    private static Intent From(FederationOptions options) => new()
    {
        Epoch = options.StatesIntent ? options.Epoch : 0,
        Regions = [.. options.Regions.Select(Member)],
        Models = [.. options.Models.Select(static m => ModelDeclaration.Of(m.Name, m.ToSpec(), m.ToDeployment()))],
        Tenants = [.. options.Tenants.Select(t => new TenantDeclaration { Name = t.Name, Residency = [.. t.Residency] })],
    };

    private static RegionMember Member(RegionMemberOptions region)
    {
        var protocol = new Uri(region.Protocol);
        return new RegionMember
        {
            Name = string.IsNullOrWhiteSpace(region.Name) ? protocol.Authority : region.Name,
            Jurisdiction = region.Jurisdiction ?? "",
            Protocol = protocol,
            Facade = region.Facade is null ? null : new Uri(region.Facade),
            Location = region.Location,
            Country = region.Country,
            PricePerHour = region.PricePerHour,
        };
    }
}
