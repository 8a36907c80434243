using Meridian.Gateway.Access;
using Meridian.Intents.Hosting;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Processes;
using Meridian.Silo.Settings;

namespace Meridian.Silo.Hosting;

/// <summary>
/// Builds a witness: a voter of the intent log without a region. With a witness, an installation of two regions survives the loss of either one. The witness
/// keeps a whole copy of the log, never leads, and has no other service.
/// </summary>
public static class WitnessHost
{
    /// <summary>Builds the host of a witness; the caller starts it.</summary>
    /// <param name="configuration">Section <c>Meridian</c> (<see cref="MeridianOptions"/>) with <see cref="IntentOptions.Witness"/>, and <c>Logging</c>.</param>
    /// <param name="exitWithInput">Whether the process stops when standard input ends and leaves SIGINT to its parent.</param>
    /// <exception cref="MistakesException">Settings are wrong. The exception names all of them.</exception>
    /// <exception cref="StartRefusedException">A port is in use.</exception>
    public static IHost Build(IConfiguration configuration, bool exitWithInput = false)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = MeridianConfiguration.Read(configuration);
        var own = options.Intent.Witnesses.Find(witness => witness.Name == options.Intent.Witness)
            ?? throw new MistakesException([$"{MeridianOptions.Section}:Intent:Witness = '{options.Intent.Witness}': say which witness this is with --name NAME, one of Intent:Witnesses ({Names(options)})."]);
        var listeners = new RegionListeners(null, null, options.Process.ControlUrl ?? own.Control);
        PortCheck.EnsureFree(PortCheck.PortsOf(own, options, listeners));
        PrivateFiles.CloseFor(Path.Combine(Path.GetFullPath(options.Data), own.Name));

        var web = HostBase.WebBuilder(configuration);
        web.AddProcessBasics(options, exitWithInput);
        web.Services.AddIntentLog(target => IntentSettings.Fill(target, options, own));
        PlainNetworkWarning.AddTo(web.Services, listeners.Control!);
        web.WebHost.ConfigureKestrel(kestrel => listeners.Apply(kestrel));
        var app = web.Build();
        app.UseWitnessListener(new PermittedHosts([.. options.Gateway.Hosts, .. new[] { own.Control, listeners.Control }.OfType<Uri>().Select(static address => address.Host)]));
        return app;
    }

    private static string Names(MeridianOptions options) => options.Intent.Witnesses.Count == 0 ? "none is configured" : string.Join(", ", options.Intent.Witnesses.Select(witness => witness.Name));
}
