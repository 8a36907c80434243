using Meridian.Federation.Hosting;
using Meridian.Federation.Residency;
using Meridian.Gateway.Hosting;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Processes;
using Meridian.Silo.Settings;
using Meridian.Silo.Shutdown;

namespace Meridian.Silo.Hosting;

/// <summary>Builds a front door: gateway and federation. It has no region, no Orleans and no state.</summary>
public static class FrontDoorHost
{
    /// <summary>Builds the host of a front door; the caller starts it.</summary>
    /// <param name="configuration">Section <c>Meridian</c> (<see cref="MeridianOptions"/>) and <c>Logging</c>.</param>
    /// <param name="exitWithInput">Whether the process stops when standard input ends and leaves SIGINT to its parent.</param>
    /// <exception cref="MistakesException">Settings are wrong. The exception names all of them.</exception>
    /// <exception cref="StartRefusedException">A port is in use.</exception>
    public static IHost Build(IConfiguration configuration, bool exitWithInput = false)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = MeridianConfiguration.Read(configuration);
        PortCheck.EnsureFree(FrontDoorPlan.Ports(options));

        var web = HostBase.WebBuilder(configuration);
        web.AddProcessBasics(options, exitWithInput);
        web.Services.AddMeridianFederation(target => FederationSettings.Fill(target, options, own: null));
        web.Services.AddMeridianResidency(target => ResidencySettings.Fill(target, options, ofRegion: false));
        web.Services.AddMeridianGateway(target => GatewaySettings.Fill(target, options.Gateway, FrontDoorPlan.Of(options)));
        web.Services.AddSingleton<IShutdownStep, FacadeShutdownStep>();
        PlainNetworkWarning.AddTo(web.Services, FrontDoorPlan.Of(options));
        web.WebHost.ConfigureKestrel(kestrel => RegionListeners.ListenForCallers(kestrel, FrontDoorPlan.Of(options)));
        var app = web.Build();
        app.UseMeridianGateway();
        return app;
    }
}
