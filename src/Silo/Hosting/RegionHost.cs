using Meridian.Federation.Hosting;
using Meridian.Federation.Residency;
using Meridian.Gateway.Access;
using Meridian.Gateway.Admin.Scaling;
using Meridian.Gateway.Hosting;
using Meridian.Grains.Hosting;
using Meridian.Inference;
using Meridian.Intents.Hosting;
using Meridian.Intents.Options;
using Meridian.Silo.Clustering;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Models;
using Meridian.Silo.Processes;
using Meridian.Silo.Settings;
using Meridian.Silo.Shutdown;
using Meridian.Silo.Store;

namespace Meridian.Silo.Hosting;

/// <summary>
/// Builds a region's process from its roles. Start order: first the store and the model store, because a silo needs both; then everything else at once, so the
/// facade answers and hears from other regions while the silo joins and models load. Shutdown order is the reverse: facade, silo, store, so the last write
/// still reaches the store.
/// </summary>
public static class RegionHost
{
    /// <summary>Builds the host of a region's process; the caller starts it.</summary>
    /// <param name="configuration">Section <c>Meridian</c> (<see cref="MeridianOptions"/>) and <c>Logging</c>.</param>
    /// <param name="hooks">Additions, or null.</param>
    /// <exception cref="MistakesException">Settings are wrong. The exception names all of them.</exception>
    /// <exception cref="StartRefusedException">A port is in use, or another process holds the region's store.</exception>
    public static IHost Build(IConfiguration configuration, RegionHostHooks? hooks = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        hooks ??= new RegionHostHooks();
        var options = MeridianConfiguration.Read(configuration, ofRegion: true);
        var region = RegionPlan.Own(options);
        var roles = options.Process.Roles;
        var facade = roles.HasFlag(RegionRoles.Facade);
        var keepsIntent = roles.HasFlag(RegionRoles.Control) && options.Intent.Kind != IntentKind.None;
        var listeners = new RegionListeners(
            facade ? options.Process.FacadeUrl ?? region.Facade : null,
            facade ? options.Process.ProtocolUrl ?? region.Protocol : null,
            keepsIntent ? options.Process.ControlUrl ?? region.Control : null);
        PortCheck.EnsureFree(PortCheck.PortsOf(region, options, listeners));
        PrivateFiles.CloseFor(region.Data);

        IHostApplicationBuilder builder = facade || keepsIntent ? HostBase.WebBuilder(configuration) : HostBase.PlainBuilder(configuration);
        builder.AddProcessBasics(options, hooks.ExitWithInput);
        builder.Services.AddSingleton(options).AddSingleton(region);
        if (roles.HasFlag(RegionRoles.Store) && region.Store.Kind == StoreKind.Garnet)
        {
            builder.Services.AddEmbeddedStore();
        }

        builder.Services.AddMeridianInference(store => store.Root = Path.Combine(region.Data, "models"));
        if (roles.HasFlag(RegionRoles.Control))
        {
            builder.Services.AddModelInstaller();
        }

        if (keepsIntent)
        {
            builder.Services.AddIntentLog(target => IntentSettings.Fill(target, options, region));
            builder.Services.AddMeridianIntent(target => FederationSettings.Fill(target, options, region));
        }

        if (facade && options.Intent.Kind == IntentKind.None)
        {
            builder.Services.AddOptions<IntentLogOptions>().Configure(target => IntentSettings.Fill(target, options, region));
            builder.Services.AddMeridianIntentOfSettings();
        }

        if (roles.HasFlag(RegionRoles.Silo))
        {
            builder.AddRegionSilo(options, region);
            builder.Services.AddSingleton<IShutdownStep, RegionShutdownStep>();
        }
        else if (roles.HasFlag(RegionRoles.Facade))
        {
            builder.AddRegionClient(region);
        }

        if (builder is not WebApplicationBuilder web)
        {
            builder.Services.AddMeridianIntentWatch(target => FederationSettings.Fill(target, options, region));
            hooks.Services?.Invoke(builder.Services);
            return ((HostApplicationBuilder)builder).Build();
        }

        if (facade)
        {
            web.Services.AddMeridianLocalRegion(target => RegionSettings.Fill(target, options, region));
            web.Services.AddMeridianFederation(target => FederationSettings.Fill(target, options, region));
            web.Services.AddMeridianResidency(target => ResidencySettings.Fill(target, options, ofRegion: true));
            web.Services.AddMeridianGateway(target => GatewaySettings.Fill(target, options.Gateway, region.Facade, options.Process.FacadeUrl));
            web.Services.AddSingleton<IModelScaling, RegionScaling>();
            web.Services.AddSingleton<Meridian.Gateway.Admin.Draining.IRegionDraining, RegionDraining>();
            web.Services.AddSingleton<IShutdownStep, FacadeShutdownStep>();
        }

        web.WebHost.ConfigureKestrel(kestrel => listeners.Apply(kestrel));
        PlainNetworkWarning.AddTo(web.Services, [.. new[] { listeners.Facade, listeners.Protocol, listeners.Control }.OfType<Uri>()]);
        hooks.Services?.Invoke(web.Services);
        var app = web.Build();
        app.UseRegionListeners(listeners, new PermittedHosts([.. options.Gateway.Hosts, .. Addresses(region, options.Process).Select(static address => address.Host)]));
        if (facade)
        {
            app.UseMeridianGateway();
        }

        return app;
    }

    /// <summary>
    /// Every address under which others may know the process: the addresses that the region advertises and those on which the process listens.
    /// </summary>
    private static IEnumerable<Uri> Addresses(RegionPlan region, RegionProcessOptions process) =>
        new[] { region.Facade, region.Protocol, region.Control, process.FacadeUrl, process.ProtocolUrl, process.ControlUrl }.OfType<Uri>();
}
