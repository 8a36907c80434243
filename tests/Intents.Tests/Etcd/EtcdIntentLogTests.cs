using System.Text;
using Etcdserverpb;
using Meridian.Cluster.Tests.Harness;
using Meridian.Intents.Etcd;
using Meridian.Intents.Options;
using Meridian.Intents.Supervision;
using Meridian.Intents.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Intents.Tests.Etcd;

/// <summary>What is etcd's own: compaction, leases, limits, other and older clusters, and the copy on disk.</summary>
public sealed class EtcdIntentLogTests : IDisposable
{
    private static readonly IntentKey A = new(IntentKinds.Model, "a");
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task WhatWasCompactedWhileTheWatchWasDownIsReadWhole()
    {
        await using var etcd = await StartEtcdAsync();
        await using var log = await StartLogAsync(etcd.Endpoints);
        using var cluster = new EtcdCluster([new Uri(etcd.Endpoint(0))], Limit, TimeProvider.System);
        var cell = new Latest<IntentReplica>(IntentReplica.Empty);
        var follower = new EtcdFollower(cluster, new EtcdKeys(new IntentLogOptions().EtcdPrefix), cell, EtcdReplica.Empty, accepted: static () => { });
        await log.ChangeAsync(Change(Set(A, "1")), Token);
        var watch = follower.FollowAsync(Limit, TimeProvider.System, Token);
        await cell.WaitAsync(replica => replica.Records.ContainsKey(A), Token).WaitAsync(Limit, Token);

        cluster.GiveUp(cluster.Current.Endpoint);
        await Assert.ThrowsAnyAsync<Exception>(() => watch.WaitAsync(Limit, Token));
        for (var i = 2; i < 9; i++)
            await log.ChangeAsync(Change(Set(A, $"{i}")), Token);
        var outcome = await log.ChangeAsync(Change(new IntentWrite(A, null), Set(new IntentKey("model", "b"), "x")), Token);
        await cluster.TryAsync((at, options) => at.Calls.KVClient.CompactAsync(new CompactionRequest { Revision = outcome.Revision }, options), Token);
        await follower.FollowAsync(Limit, TimeProvider.System, Token).WaitAsync(Limit, Token);
        Assert.True(cell.Current.Revision < outcome.Revision);

        watch = follower.FollowAsync(Limit, TimeProvider.System, Token);
        var replica = await cell.WaitAsync(replica => replica.AppliedIndex >= outcome.Revision, Token).WaitAsync(Limit, Token);
        Assert.False(replica.Records.ContainsKey(A));
        Assert.Equal(outcome.Revision, replica.Revision);
        Assert.Equal(log.Current.Hash(), replica.Hash());
        cluster.GiveUp(cluster.Current.Endpoint);
        await Assert.ThrowsAnyAsync<Exception>(() => watch.WaitAsync(Limit, Token));
    }

    [Fact]
    public async Task AnAttemptThatArrivesAfterItsFailureWasToldChangesNothing()
    {
        await using var etcd = await StartEtcdAsync();
        await using var log = await StartLogAsync(etcd.Endpoints);
        using var cluster = new EtcdCluster([new Uri(etcd.Endpoint(0))], Limit, TimeProvider.System);
        var lease = await new EtcdLease(cluster, TimeProvider.System).GetAsync(TimeSpan.FromSeconds(5), Token);
        var change = Change(Set(A, "late")) with { Conditions = [new IntentCondition(A, 0)] };
        await log.ChangeAsync(Change(Set(A, "1")), Token);
        Assert.False((await log.ChangeAsync(change, Token)).Made);
        await log.ChangeAsync(Change(new IntentWrite(A, null)), Token);

        var late = await cluster.TransactAsync(new EtcdTransactions(new EtcdKeys(new IntentLogOptions().EtcdPrefix)).Make(change, lease), Token);

        Assert.False(late.Succeeded);
        Assert.False((await log.ReadAsync(Token)).Records.ContainsKey(A));
    }

    [Fact]
    public async Task ALeaseThatIsGoneIsReplaced()
    {
        await using var etcd = await StartEtcdAsync();
        await using var log = await StartLogAsync(etcd.Endpoints);
        using var cluster = new EtcdCluster([new Uri(etcd.Endpoint(0))], Limit, TimeProvider.System);
        await log.ChangeAsync(Change(Set(A, "1")), Token);
        var leases = await cluster.TryAsync((at, options) => at.Calls.LeaseClient.LeaseLeasesAsync(new LeaseLeasesRequest(), options), Token);
        foreach (var lease in leases.Leases)
            await cluster.TryAsync((at, options) => at.Calls.LeaseClient.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease.ID }, options), Token);

        Assert.True((await log.ChangeAsync(Change(Set(A, "2")), Token)).Made);
        Assert.False((await log.ChangeAsync(Change(Set(A, "3")) with { Conditions = [new IntentCondition(A, 0)] }, Token)).Made);
        Assert.Equal("2", Text(log.Current, A));
    }

    [Fact]
    public async Task LimitsOfEtcdAreNamedWithTheirRemedy()
    {
        await using var etcd = await StartEtcdAsync("--max-txn-ops", "128", "--max-request-bytes", "1572864");
        await using var log = await StartLogAsync(etcd.Endpoints);

        var many = await Assert.ThrowsAsync<IntentLogException>(() => log.ChangeAsync(Change([.. Enumerable.Range(0, 128).Select(i => Set(new IntentKey("model", $"{i}"), ""))]), Token));
        var large = await Assert.ThrowsAsync<IntentLogException>(() => log.ChangeAsync(
            Change(new IntentWrite(A, new byte[1024 * 1024]), new IntentWrite(new IntentKey("model", "b"), new byte[1024 * 1024])), Token));

        Assert.Contains("--max-txn-ops", many.Message, StringComparison.Ordinal);
        Assert.Contains("--max-request-bytes", large.Message, StringComparison.Ordinal);
        Assert.True((await log.ChangeAsync(Change(Set(A, "1")), Token)).Made);
    }

    [Fact]
    public async Task WhoSurelySentNothingKnowsTheOutcomeAndWhoGotNoAnswerDoesNot()
    {
        await using var etcd = await StartEtcdAsync();
        await using var log = await StartLogAsync(etcd.Endpoints);
        await log.ChangeAsync(Change(Set(A, "0")), Token);
        var frozen = Change(Set(A, "frozen"));
        var refused = Change(Set(A, "refused"));

        etcd.Process(0).Signal(Signals.Stop);
        var unknown = await RefusedAsync(log, frozen);
        etcd.Process(0).Signal(Signals.Continue);
        var made = await log.ChangeAsync(frozen, Token);
        await etcd.KillAsync(0);
        await LostAsync(log);
        var known = await RefusedAsync(log, refused);
        etcd.Start(0);
        await etcd.ReadyAsync(0);

        Assert.True(unknown.OutcomeUnknown);
        Assert.Contains("same operation", unknown.Message, StringComparison.Ordinal);
        Assert.False(known.OutcomeUnknown);
        await Eventually.HoldsAsync(_ => Task.FromResult(log.Status.CanChange), "etcd within reach", Limit);
        Assert.Equal(made.Revision, (await log.ReadAsync(Token)).Records[A].Epoch);
    }

    [Fact]
    public async Task AMemberThatStartsWhileEtcdIsAwayServesItsCopy()
    {
        await using var etcd = await StartEtcdAsync();
        string hash;
        await using (var before = await StartLogAsync(etcd.Endpoints, "member"))
        {
            await before.ChangeAsync(Change(Set(A, "1")), Token);
            hash = before.Current.Hash();
        }

        await etcd.KillAsync(0);
        await using var log = await StartLogAsync(etcd.Endpoints, "member");

        Assert.Equal("1", Text(log.Current, A));
        Assert.Equal(hash, log.Current.Hash());
        await LostAsync(log);
        Assert.False(log.Status.CanChange);
        etcd.Start(0);
        Assert.True((await log.ChangeAsync(Change(Set(A, "2")), Token)).Made);
    }

    [Fact]
    public async Task ADamagedCopyIsNamedWithItsRemedy()
    {
        await using var etcd = await StartEtcdAsync();
        await using (var before = await StartLogAsync(etcd.Endpoints, "member"))
            await before.ChangeAsync(Change(Set(A, "1")), Token);
        var file = Path.Combine(_directory.Sub("member"), "etcd-replica");
        var bytes = await File.ReadAllBytesAsync(file, Token);

        for (var damage = 0; damage < 3; damage++)
        {
            await File.WriteAllBytesAsync(file, damage switch
            {
                0 => bytes[..^7],
                1 => [.. bytes[..^20], (byte)~bytes[^20], .. bytes[^19..]],
                _ => [],
            }, Token);
            var exception = await Assert.ThrowsAsync<IntentLogException>(() => StartLogAsync(etcd.Endpoints, "member"));
            Assert.Contains(file, exception.Message, StringComparison.Ordinal);
            Assert.Contains("delete the file", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnEtcdThatWasRestoredFromAnOlderCopyIsNotFollowed()
    {
        await using var etcd = await StartEtcdAsync();
        await using var log = await StartLogAsync(etcd.Endpoints);
        await log.ChangeAsync(Change(Set(A, "1")), Token);
        await etcd.KillAsync(0);
        etcd.Copy(0, _directory.Sub("older"));
        etcd.Start(0);
        Assert.True((await log.ChangeAsync(Change(Set(A, "2")), Token)).Made);
        await etcd.KillAsync(0);
        etcd.Erase(0);
        etcd.PutBack(0, _directory.Sub("older"));
        etcd.Start(0);

        await Eventually.HoldsAsync(_ => Task.FromResult(log.Status.Problem?.Contains("older copy", StringComparison.Ordinal) == true), "the problem to be told", Limit, () => $"{log.Status}");
        Assert.False(log.Status.CanChange);
        Assert.Equal("2", Text(log.Current, A));
        var refused = await RefusedAsync(log, Change(Set(A, "3")));
        Assert.False(refused.OutcomeUnknown);
        Assert.Contains("older copy", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingIsWrittenToAnotherClusterInTheList()
    {
        await using var etcd = await StartEtcdAsync();
        await using var other = await EtcdServers.StartAsync(_directory.Sub("other"), 1);
        await using var log = await StartLogAsync([etcd.Endpoint(0), other.Endpoint(0)]);
        await log.ChangeAsync(Change(Set(A, "1")), Token);
        await etcd.KillAsync(0);
        await LostAsync(log);

        var refused = await RefusedAsync(log, Change(Set(A, "2")));
        Assert.False(refused.OutcomeUnknown);
        Assert.Equal("1", Text(log.Current, A));
        await using var there = await StartLogAsync(other.Endpoints);
        Assert.Empty((await there.ReadAsync(Token)).Records);

        etcd.Start(0);
        Assert.True((await log.ChangeAsync(Change(Set(A, "3")), Token)).Made);
        await Eventually.HoldsAsync(_ => Task.FromResult(log.Status is { Problem: null, CanChange: true }), "the problem to be over", Limit, () => $"{log.Status}");
    }

    [Fact]
    public async Task ManyRecordsAreReadInPages()
    {
        await using var etcd = await StartEtcdAsync();
        await using var writer = await StartLogAsync(etcd.Endpoints);
        for (var i = 0; i < 3; i++)
            await writer.ChangeAsync(Change([.. Enumerable.Range(100 * i, 100).Select(n => Set(new IntentKey("model", $"{n:000}"), $"{n}"))]), Token);

        await using var reader = await StartLogAsync(etcd.Endpoints);

        Assert.Equal(300, reader.Current.Records.Count);
        Assert.Equal(writer.Current.Hash(), reader.Current.Hash());
    }

    [Fact]
    public async Task MembersOfEtcdAreChangedWithItsOwnTools()
    {
        await using var log = new EtcdIntentLog(new IntentLogOptions { EtcdEndpoints = ["http://127.0.0.1:1"] }, TimeProvider.System, NullLogger<EtcdIntentLog>.Instance, static (_, _) => null, new LoopSupervisor(TimeProvider.System, NullLogger<LoopSupervisor>.Instance));
        var voter = new IntentVoter { Name = "x", Consensus = "h:1", Protocol = new Uri("http://h:2") };

        Assert.Contains("etcdctl member add", (await Assert.ThrowsAsync<NotSupportedException>(() => log.AddVoterAsync(voter, Token))).Message, StringComparison.Ordinal);
        Assert.Contains("etcdctl member remove", (await Assert.ThrowsAsync<NotSupportedException>(() => log.RemoveVoterAsync("x", Token))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EtcdEndpoints", "/m/")]
    [InlineData("ftp://h", "/m/", "ftp://h")]
    [InlineData("EtcdPrefix", "m", "http://h:1")]
    [InlineData("EtcdPrefix", "", "http://h:1")]
    public void WrongOptionsAreNamed(string named, string prefix, params string[] endpoints)
    {
        var exception = Assert.Throws<IntentLogException>(() => new EtcdIntentLog(
            new IntentLogOptions { EtcdEndpoints = [.. endpoints], EtcdPrefix = prefix }, TimeProvider.System, NullLogger<EtcdIntentLog>.Instance, static (_, _) => null, new LoopSupervisor(TimeProvider.System, NullLogger<LoopSupervisor>.Instance)));
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    private Task<EtcdServers> StartEtcdAsync(params string[] arguments) => EtcdServers.StartAsync(_directory.Sub("etcd"), 1, arguments);

    private async Task<EtcdIntentLog> StartLogAsync(IEnumerable<string> endpoints, string? member = null)
    {
        var log = new EtcdIntentLog(
            new IntentLogOptions
            {
                Kind = IntentLogKind.Etcd,
                Self = "member",
                Directory = member is null ? "" : _directory.Sub(member),
                EtcdEndpoints = [.. endpoints],
                LowerElectionTimeoutMs = 600,
                UpperElectionTimeoutMs = 1200,
            },
            TimeProvider.System,
            NullLogger<EtcdIntentLog>.Instance, static (_, _) => null, new LoopSupervisor(TimeProvider.System, NullLogger<LoopSupervisor>.Instance));
        try
        {
            await log.StartAsync(Token);
            return log;
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
    }

    private static Task LostAsync(EtcdIntentLog log) =>
        Eventually.HoldsAsync(_ => Task.FromResult(log.Status.Problem is not null), "the problem to be told", Limit);

    private static async Task<IntentUnavailableException> RefusedAsync(EtcdIntentLog log, IntentChange change)
    {
        using var ends = new CancellationTokenSource(TimeSpan.FromSeconds(1.5));
        return await Assert.ThrowsAsync<IntentUnavailableException>(() => log.ChangeAsync(change, ends.Token));
    }

    private static IntentChange Change(params IntentWrite[] writes) => new() { Operation = Guid.NewGuid(), Writes = writes };

    private static IntentWrite Set(IntentKey key, string value) => new(key, Encoding.UTF8.GetBytes(value));

    private static string Text(IntentReplica replica, IntentKey key) => Encoding.UTF8.GetString(replica.Records[key].Value);
}
