using System.Net;
using System.Net.Sockets;
using Meridian.Client.Hosting;
using Meridian.Client.Tests.Harness;
using Meridian.Grains.Hosting;
using Meridian.Grains.Settings;
using Meridian.Inference;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.HuggingFace;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace Meridian.Client.Tests.Generation;

/// <summary>A region with Meridian's own grains and engine in this process, reached over a socket, and the client that uses it.</summary>
internal sealed class GeneratingRegion : IAsyncDisposable
{
    public const string Region = "northeurope";

    private readonly DirectoryInfo _models = Directory.CreateTempSubdirectory("meridian-client-tests-");
    private readonly WatchedEngines _engines = new();
    private IHost? _host;
    private ServiceProvider? _services;

    public IServiceProvider Services => _services!;

    public IMeridianClient Client => Services.GetRequiredService<IMeridianClient>();

    public GenerationCounters Counters => _engines.Single.Counters;

    /// <param name="model">Name to serve under.</param>
    /// <param name="folder">Hugging Face folder of a generative model.</param>
    public static async Task<GeneratingRegion> StartAsync(string model, string folder)
    {
        var region = new GeneratingRegion();
        await region.InstallAsync(new HuggingFaceSource(model, folder));
        var gateway = await region.StartSiloAsync(model);
        region._services = new ServiceCollection()
            .AddMeridian(o =>
            {
                o.Regions.Add(new MeridianRegionOptions { Name = Region, Gateways = [$"127.0.0.1:{gateway}"] });
                o.DefaultChatModel = model;
                o.PingInterval = TimeSpan.FromMilliseconds(50);
            })
            .BuildServiceProvider();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await region.Client.WaitUntilAsync(regions => regions[0].Models.Any(m => m.Model == model && m.ReadyReplicas > 0), patience.Token);
        return region;
    }

    public async ValueTask DisposeAsync()
    {
        if (_services is not null)
            await _services.DisposeAsync();
        if (_host is not null)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await _host.StopAsync(limit.Token);
            _host.Dispose();
        }

        _models.Delete(recursive: true);
    }

    private async Task InstallAsync(HuggingFaceSource source)
    {
        await using var services = new ServiceCollection().AddLogging().AddMeridianInference(o => o.Root = _models.FullName).BuildServiceProvider();
        await services.GetRequiredService<IModelStore>().InstallAsync(source, CancellationToken.None);
    }

    private async Task<int> StartSiloAsync(string model)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (siloPort, gatewayPort) = FreePorts();
            var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
            builder.UseOrleans(silo =>
            {
                silo.UseLocalhostClustering(siloPort, gatewayPort, serviceId: "meridian", clusterId: $"meridian-{Region}");
                silo.AddMemoryGrainStorageAsDefault();
                silo.AddMeridianGrains(o => (o.Name, o.Jurisdiction, o.Models) = (Region, "eu", [new ModelOptions { Name = model }]));
                silo.Services.AddMeridianInference(o => o.Root = _models.FullName);
                silo.Services.RemoveAll<IEngineFactory>().AddSingleton<GenerationEngineFactory>().AddSingleton(_engines).AddSingleton<IEngineFactory, WatchedEngines.Factory>();
                silo.Services.PostConfigure<GrainTypeOptions>(o => o.Classes.RemoveWhere(t => t.Assembly == typeof(ScriptedEndpoint).Assembly));
            });
            var host = builder.Build();
            try
            {
                await host.StartAsync();
                _host = host;
                return gatewayPort;
            }
            catch (Exception) when (attempt < 5)
            {
                // Somebody took a port between our look and the silo's.
                host.Dispose();
            }
        }
    }

    private static (int Silo, int Gateway) FreePorts()
    {
        using var silo = new TcpListener(IPAddress.Loopback, 0);
        using var gateway = new TcpListener(IPAddress.Loopback, 0);
        silo.Start();
        gateway.Start();
        return (((IPEndPoint)silo.LocalEndpoint).Port, ((IPEndPoint)gateway.LocalEndpoint).Port);
    }
}
