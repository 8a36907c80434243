using System.Net;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Federation.Tests.Protocol;
using Meridian.Intents.Wire;
using Meridian.Messages;
using MessagePack;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Tests.Liveness;

/// <summary>Heartbeats between this build and the ones before versions of a status, over real connections: regions are upgraded one after another.</summary>
public sealed class OldBuildTests
{
    private static readonly Method<OldBeat, OldAck> Heartbeat =
        new(MethodType.DuplexStreaming, RegionProtocol.ServiceName, "Heartbeat", WireFormat.Marshaller<OldBeat>(), WireFormat.Marshaller<OldAck>());

    [Fact]
    public async Task An_old_observer_goes_on_getting_everything()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope", 5));

        // The test is about messages. On a busy machine even a connection to this machine may take longer than the limit for regions.
        var patience = TimeSpan.FromSeconds(20);
        using var channel = new WireChannel(eu.Address, new WireOptions { ConnectTimeout = patience });
        using var limit = new CancellationTokenSource(patience);
        using var call = channel.Invoker.AsyncDuplexStreamingCall(Heartbeat, null, new CallOptions(cancellationToken: limit.Token));

        for (var i = 1; i <= 3; i++)
        {
            await call.RequestStream.WriteAsync(new OldBeat { Observer = "front-door", Sequence = i, SentTimestamp = 7, Status = Sample.Status("eastus") });
            Assert.True(await call.ResponseStream.MoveNext(limit.Token));

            var ack = call.ResponseStream.Current;
            Assert.Equal((i, 7L, "westeurope", 5L), (ack.Sequence, ack.SentTimestamp, ack.Status.Region, ack.Status.Incarnation));
            Assert.Equal(eu.Region.Status.Models, ack.Status.Models);
        }
    }

    [Fact]
    public async Task An_old_region_is_understood_and_goes_on_getting_everything()
    {
        var old = new OldRegion();
        await using var app = await old.StartAsync();
        var own = new TestRegion("eastus");
        await using var us = await RegionHost.StartAsync(own, "us", configure: o =>
            o.Regions.Add(new RegionMemberOptions { Name = "westeurope", Jurisdiction = "eu", Protocol = app.Urls.Single() }));
        var directory = us.Services.GetRequiredService<IDirectoryFeed>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));

        for (var queued = 1; queued <= 3; queued++)
        {
            old.Status = Sample.Status("westeurope", 9, Sample.Model(queued: queued));
            for (var snapshot = directory.Current; snapshot.Views["westeurope"].Models is not [{ } model] || model.Queued != queued;)
                snapshot = await directory.WaitForChangeAsync(snapshot, limit.Token);
        }

        var beats = await old.BeatsAsync(5, limit.Token);
        Assert.Equal(9, directory.Current.Views["westeurope"].Incarnation);
        Assert.All(beats, beat => Assert.Equal(own.Status.Models, beat.Status!.Models));
    }

    /// <summary>A beat as the builds before versions know it.</summary>
    [MessagePackObject]
    public sealed record OldBeat
    {
        [Key(0)] public required string Observer { get; init; }

        [Key(1)] public required long Sequence { get; init; }

        [Key(2)] public required long SentTimestamp { get; init; }

        [Key(3)] public RegionStatus? Status { get; init; }
    }

    /// <summary>An ack as they know it.</summary>
    [MessagePackObject]
    public sealed record OldAck
    {
        [Key(0)] public required long Sequence { get; init; }

        [Key(1)] public required long SentTimestamp { get; init; }

        [Key(2)] public required RegionStatus Status { get; init; }
    }

    /// <summary>The answering side of heartbeats as they have it.</summary>
    private sealed class OldRegion : IServiceMethodProvider<OldRegion>
    {
        private readonly System.Threading.Channels.Channel<OldBeat> _beats = System.Threading.Channels.Channel.CreateUnbounded<OldBeat>();

        public RegionStatus Status { get; set; } = Sample.Status("westeurope", 9);

        public async Task<WebApplication> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
            builder.Services.AddGrpc(grpc => grpc.IgnoreUnknownServices = true);
            builder.Services.AddSingleton(this);
            builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<OldRegion>>(this));
            var app = builder.Build();
            app.MapGrpcService<OldRegion>();
            await app.StartAsync();
            return app;
        }

        public async Task<List<OldBeat>> BeatsAsync(int count, CancellationToken cancellationToken)
        {
            var beats = new List<OldBeat>();
            while (beats.Count < count)
                beats.Add(await _beats.Reader.ReadAsync(cancellationToken));
            return beats;
        }

        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<OldRegion> context) =>
            context.AddDuplexStreamingMethod(Heartbeat, [], static (region, beats, acks, call) => region.HeartbeatAsync(beats, acks, call));

        private async Task HeartbeatAsync(IAsyncStreamReader<OldBeat> beats, IServerStreamWriter<OldAck> acks, ServerCallContext context)
        {
            try
            {
                while (await beats.MoveNext(context.CancellationToken))
                {
                    _beats.Writer.TryWrite(beats.Current);
                    await acks.WriteAsync(new OldAck { Sequence = beats.Current.Sequence, SentTimestamp = beats.Current.SentTimestamp, Status = Status });
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
            {
                // The observer went.
            }
        }
    }
}
