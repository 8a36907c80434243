using Meridian.Cluster.Tests.Harness;
using Meridian.Intents.Etcd;
using Meridian.Intents.Options;
using Meridian.Intents.Supervision;
using Meridian.Intents.Tests.Contract;
using Meridian.Intents.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Intents.Tests.Etcd;

/// <summary>Three etcd servers and three members that are their clients, each beginning with another one.</summary>
public sealed class EtcdIntentCluster : IIntentCluster
{
    private readonly TemporaryDirectory _directory;
    private readonly EtcdServers _servers;
    private readonly IIntentLog[] _members = new IIntentLog[3];

    private EtcdIntentCluster(TemporaryDirectory directory, EtcdServers servers) => (_directory, _servers) = (directory, servers);

    public IReadOnlyList<IIntentLog> Members => _members;

    public static async Task<EtcdIntentCluster> StartAsync(TemporaryDirectory directory)
    {
        var cluster = new EtcdIntentCluster(directory, await EtcdServers.StartAsync(directory.Sub("etcd"), 3));
        for (var member = 0; member < 3; member++)
            await cluster.StartAsync(member);
        return cluster;
    }

    public async Task LoseMajorityAsync()
    {
        await _servers.KillAsync(1);
        await _servers.KillAsync(2);
    }

    public Task RestoreMajorityAsync() => _servers.StartAllAsync();

    public async Task RestartAsync(int member)
    {
        await _members[member].DisposeAsync();
        await StartAsync(member);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            if (member is not null)
                await member.DisposeAsync();
        }

        await _servers.DisposeAsync();
    }

    private async Task StartAsync(int member)
    {
        _members[member] = new EtcdIntentLog(
            new IntentLogOptions
            {
                Kind = IntentLogKind.Etcd,
                Self = $"member{member}",
                Directory = _directory.Sub($"member{member}"),
                EtcdEndpoints = [.. _servers.Endpoints.Skip(member), .. _servers.Endpoints.Take(member)],
                LowerElectionTimeoutMs = 1000,
                UpperElectionTimeoutMs = 2000,
            },
            TimeProvider.System,
            NullLogger<EtcdIntentLog>.Instance, static (_, _) => null, new LoopSupervisor(TimeProvider.System, NullLogger<LoopSupervisor>.Instance));
        await _members[member].StartAsync(TestContext.Current.CancellationToken);
    }
}
