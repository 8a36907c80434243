using Meridian.Silo.Configuration;
using Meridian.Silo.Logging;
using Meridian.Silo.Processes;
using Meridian.Silo.Shutdown;

namespace Meridian.Silo.Hosting;

/// <summary>The parts that every kind of Meridian process has.</summary>
internal static class HostBase
{
    /// <summary>A host with Kestrel and without the framework's defaults: it reads only our configuration and listens only on our addresses.</summary>
    public static WebApplicationBuilder WebBuilder(IConfiguration configuration)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "meridian-server", EnvironmentName = Environments.Production });
        builder.Configuration.AddConfiguration(configuration);
        builder.WebHost.UseKestrelCore();
        return builder;
    }

    /// <summary>A host without HTTP.</summary>
    public static HostApplicationBuilder PlainBuilder(IConfiguration configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "meridian-server", EnvironmentName = Environments.Production });
        builder.Configuration.AddConfiguration(configuration);
        return builder;
    }

    /// <summary>Adds logging, signal handling, the shutdown timeout and the clock.</summary>
    public static void AddProcessBasics(this IHostApplicationBuilder builder, MeridianOptions options, bool exitWithInput)
    {
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));

        // Hides a warning of Garnet's argument parser, which only says that it was given a logger.
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
        builder.Services.AddSingleton(ShutdownTimes.Of(options));
        builder.Services.AddSingleton<IHostLifetime, ProcessLifetime>();
    }
}
