using Meridian.Federation.Configuration;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Settings;

/// <summary>Copies the installation's settings to the options of the federation.</summary>
internal static class FederationSettings
{
    /// <param name="target">The options to fill.</param>
    /// <param name="options">The process's settings.</param>
    /// <param name="own">The process's region, or null for a front door.</param>
    public static void Fill(FederationOptions target, MeridianOptions options, RegionPlan? own)
    {
        target.Edge = own?.Name ?? options.FrontDoor.Name;
        target.Region = own?.Name;
        target.Control = own is not null && options.Intent.Kind != IntentKind.None && !options.Process.Roles.HasFlag(RegionRoles.Control) ? own.Control : null;
        target.StreamDrain = options.StreamDrainSeconds is { } seconds
            ? TimeSpan.FromSeconds(seconds)
            : TimeSpan.FromSeconds(Math.Min(target.StreamDrain.TotalSeconds, options.ShutdownSeconds));
        target.WaitForModel = TimeSpan.FromSeconds(options.WaitForModelSeconds);
        target.RoutingPolicy = options.Routing.Policy;
        target.NearEqualMs = options.Routing.NearEqualMs;
        target.Routing = options.Routing.ToOptions();
        target.Routing.HalfOpenShare = options.Availability.HalfOpenShare;
        target.Availability = options.Availability.ToOptions();
        target.Regions = [.. RegionPlan.All(options).Select(Member)];
        target.Tenants = options.Tenants;
        target.Models = [.. options.Models.Select(model => Model(model, options))];
    }

    private static RegionMemberOptions Member(RegionPlan region) => new()
    {
        Name = region.Name,
        Jurisdiction = region.Jurisdiction,
        Location = region.Location,
        Country = region.Country,
        PricePerHour = region.PricePerHour,
        Protocol = Plain(region.Protocol),
        Facade = Plain(region.Facade),
    };

    private static ModelDeclarationOptions Model(ModelEntry model, MeridianOptions options) => new()
    {
        Name = model.Name,
        Kind = model.Kind,
        OwnedBy = string.IsNullOrWhiteSpace(model.OwnedBy) ? "meridian" : model.OwnedBy,
        Created = model.Created,
        Regions = [.. model.Regions],
        HedgeAfterMs = model.HedgeAfterMs,
        Routing = model.Routing,
        Version = model.Version,
        Variant = model.Variant,
        Replicas = model.Replicas,

        // The device is a matter of the region's machines: each region takes it from its own settings, until an operator sets one for all.
        Engine = RegionSettings.EngineOf(model, options) with { Device = null },
        Order = model.Order,
    };

    private static string Plain(Uri address) => address.GetLeftPart(UriPartial.Authority);
}
