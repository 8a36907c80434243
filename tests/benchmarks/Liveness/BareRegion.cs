using System.Net;
using Meridian.Federation.Configuration;
using Meridian.Federation.Hosting;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Meridian.Benchmarks.Liveness;

/// <summary>A region that speaks the region protocol and has models to report, but no engine: all of it that liveness meets.</summary>
public sealed class BareRegion(string name, int models) : ILocalRegion
{
    /// <summary>Name of the benchmark's part that runs one as a process.</summary>
    public const string Part = "bare-region";

    private volatile RegionStatus _status = new()
    {
        Region = name,
        Incarnation = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
        Models =
        [
            .. Enumerable.Range(0, models).Select(i => new ModelStatus
            {
                Model = $"model-{i:0000}",
                Version = "v1@9f3c1a20",
                Variant = "fp32",
                DesiredReplicas = 2,
                ReadyReplicas = 2,
                QueueCapacity = 256,
                ServiceMs = 3.5f,
            }),
        ],
    };

    public string Name => name;

    public RegionStatus Status => _status;

    /// <summary>Other figures for so many models, as from a region under load.</summary>
    public void Load(int changed, int round)
    {
        var all = (ModelStatus[])_status.Models.Clone();
        for (var i = 0; i < changed; i++)
        {
            var at = ((round * changed) + i) % all.Length;
            all[at] = all[at] with { InFlight = 1 + (round % 7), Queued = round % 13, ServiceMs = 3.5f + (round % 5) };
        }

        _status = _status with { Models = all };
    }

    /// <summary>A figure by which a change is known.</summary>
    public void Mark(int inFlight)
    {
        var all = (ModelStatus[])_status.Models.Clone();
        all[0] = all[0] with { InFlight = inFlight };
        _status = _status with { Models = all };
    }

    public Task<InferReply> InferAsync(InferRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(InferReply.Refuse(RefusalCode.NotReady, "This region has no engine."));

    public Task<StreamOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(new StreamOpening(null, new Refusal { Code = RefusalCode.NotReady, Message = "This region has no engine." }));

    public async Task<WebApplication> ServeAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton<ILocalRegion>(this);
        builder.Services.AddMeridianFederation(options =>
        {
            options.Edge = options.Region = name;
            options.Regions.Add(new RegionMemberOptions { Name = name, Jurisdiction = "eu", Protocol = $"http://127.0.0.1:{port}" });
        });
        var app = builder.Build();
        app.MapMeridianRegionProtocol();
        await app.StartAsync();
        return app;
    }

    /// <summary><c>bare-region --name X --port P</c>: until it is killed.</summary>
    public static async Task<int> RunAsync(Arguments options)
    {
        await using var app = await new BareRegion(options.Text("name", "region"), options.Count("models", 10)).ServeAsync(options.Count("port", 0));
        Console.WriteLine("serves");
        await app.WaitForShutdownAsync();
        return 0;
    }
}
