using Meridian.Silo.Configuration;
using Meridian.Silo.Logging;
using Meridian.Silo.Processes;
using Meridian.Silo.Shutdown;

namespace Meridian.Silo.Hosting;

/// <summary>What every Meridian process has, whatever it does.</summary>
internal static class HostBase
{
    /// <summary>A host with Kestrel and without the framework's defaults: what it reads and listens on is only what we say.</summary>
    public static WebApplicationBuilder WebBuilder(IConfiguration configuration)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Meridian.Silo", EnvironmentName = Environments.Production });
        builder.Configuration.AddConfiguration(configuration);
        builder.WebHost.UseKestrelCore();
        return builder;
    }

    /// <summary>A host without HTTP.</summary>
    public static HostApplicationBuilder PlainBuilder(IConfiguration configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "Meridian.Silo", EnvironmentName = Environments.Production });
        builder.Configuration.AddConfiguration(configuration);
        return builder;
    }

    /// <summary>Logging, signals, the bound of a stop, the clock.</summary>
    public static void AddProcessBasics(this IHostApplicationBuilder builder, MeridianOptions options, bool exitWithInput)
    {
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));

        // Garnet's argument parser warns that it was given a logger.
        builder.Logging.AddFilter("ArgParser", LogLevel.Error);
        builder.Logging.AddMeridianConsole();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = TimeSpan.FromSeconds(options.ShutdownSeconds);
            host.ServicesStartConcurrently = true;
            host.ServicesStopConcurrently = false;
        });
        builder.Services.AddSingleton(new ProcessLifetimeOptions(exitWithInput, TimeSpan.FromSeconds(options.ShutdownSeconds), Path.GetFullPath(options.Data)));
        builder.Services.AddSingleton<StartPhase>();
        builder.Services.AddSingleton(DepartureTimes.Of(options));
        builder.Services.AddSingleton<IHostLifetime, ProcessLifetime>();
    }
}
