using System.Globalization;
using System.Net;
using Meridian.Cluster.Tests.Harness;
using Meridian.Intents.Hosting;
using Meridian.Intents.Options;
using Meridian.Intents.Tests.Contract;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Tests.Raft;

/// <summary>Three voters in this process, each with a host and a directory of its own.</summary>
public sealed class RaftIntentCluster : IIntentCluster
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory;
    private readonly int _firstPort = FreePorts.Range(6);
    private readonly WebApplication?[] _hosts = new WebApplication?[3];
    private readonly IIntentLog[] _members = new IIntentLog[3];

    private RaftIntentCluster(TemporaryDirectory directory) => _directory = directory;

    public IReadOnlyList<IIntentLog> Members => _members;

    public static async Task<RaftIntentCluster> StartAsync(TemporaryDirectory directory)
    {
        var cluster = new RaftIntentCluster(directory);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(cluster.StartAsync));
        await cluster.SettleAsync();
        return cluster;
    }

    public async Task LoseMajorityAsync()
    {
        await StopAsync(1);
        await StopAsync(2);
    }

    public async Task RestoreMajorityAsync()
    {
        await Task.WhenAll(StartAsync(1), StartAsync(2));
        await SettleAsync();
    }

    public async Task RestartAsync(int member)
    {
        await StopAsync(member);
        await StartAsync(member);
    }

    public async ValueTask DisposeAsync()
    {
        for (var member = 0; member < 3; member++)
            await StopAsync(member);
    }

    private static string Name(int member) => string.Create(CultureInfo.InvariantCulture, $"member{member}");

    private Task SettleAsync() =>
        Eventually.HoldsAsync(_ => Task.FromResult(_members.All(member => member.Status is { CanChange: true, Leader: not null })), "a leader that all know", Limit, () => string.Join(Environment.NewLine, _members.Select(member => member.Status)));

    private async Task StopAsync(int member)
    {
        if (_hosts[member] is { } host)
        {
            _hosts[member] = null;
            await host.DisposeAsync();
        }
    }

    private async Task StartAsync(int member)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _firstPort + 3 + member, listen => listen.Protocols = HttpProtocols.Http2));

        // The contract is about the log, whatever its records say.
        builder.Services.AddSingleton<ChangeRule>(static (_, _) => null);
        builder.Services.AddIntentLog(options =>
        {
            options.Kind = IntentLogKind.Raft;
            options.Self = Name(member);
            options.Directory = _directory.Sub(Name(member));
            options.SnapshotEvery = 100;
            options.LowerElectionTimeoutMs = 1000;
            options.UpperElectionTimeoutMs = 2000;
            options.Voters = [.. Enumerable.Range(0, 3).Select(voter => new IntentVoterOptions
            {
                Name = Name(voter),
                Consensus = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_firstPort + voter}"),
                Protocol = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_firstPort + 3 + voter}"),
            })];
        });
        var host = builder.Build();
        host.MapMeridianIntentLog();
        await host.StartAsync(TestContext.Current.CancellationToken);
        _hosts[member] = host;
        _members[member] = host.Services.GetRequiredService<IIntentLog>();
    }
}
