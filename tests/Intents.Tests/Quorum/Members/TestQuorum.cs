using System.Diagnostics;
using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Intents.Options;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Tests.Quorum.Members;

/// <summary>Members in one process on loopback, each with a directory of its own below one that is deleted at the end.</summary>
internal sealed class TestQuorum : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("intent-log-").FullName;
    private readonly List<IntentVoterOptions> _voters;
    private readonly Action<IntentLogOptions>? _configure;

    public TestQuorum(IReadOnlyList<string> names, string? witness = null, Action<IntentLogOptions>? configure = null, TimeProvider? time = null, ChangeRule? rule = null, ILoggerProvider? logs = null)
    {
        _configure = configure;
        _voters = [.. names.Select(name => Options(name, name == witness))];
        Members = [.. _voters.Select(voter => new TestMember(voter, _voters, Path.Combine(_folder, voter.Name), configure, time, rule, logs))];
    }

    public List<TestMember> Members { get; }

    public TestMember this[string name] => Members.Single(member => member.Name == name);

    public IEnumerable<TestMember> Running => Members.Where(member => member.Runs);

    public static async Task<TestQuorum> StartAsync(IReadOnlyList<string> names, string? witness = null, Action<IntentLogOptions>? configure = null)
    {
        var quorum = new TestQuorum(names, witness, configure);
        await Task.WhenAll(quorum.Members.Select(member => member.StartAsync()));
        await quorum.CanChangeAsync();
        return quorum;
    }

    /// <summary>Another member, which the first voters were not told of.</summary>
    public TestMember Newcomer(string name)
    {
        var member = new TestMember(Options(name, witness: false), _voters, Path.Combine(_folder, name), _configure);
        Members.Add(member);
        return member;
    }

    /// <summary>The member that leads and can change records, once there is one.</summary>
    public Task<TestMember> CanChangeAsync() => EventuallyAsync(() => Running.FirstOrDefault(member => member.Log.Status is { Role: IntentLogRole.Leader, CanChange: true }), "a leader");

    /// <summary>Asks until the answer is not null: another member's state can only be asked for again and again.</summary>
    public async Task<T> EventuallyAsync<T>(Func<T?> ask, string what)
        where T : class
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < Limit)
        {
            if (ask() is { } answer)
                return answer;
            await Task.Delay(10);
        }

        var states = Running.Select(member => $"{member.Name}: {member.Log.Status} {string.Join(',', member.Log.Status.Voters.Select(voter => voter.Name))} applied {member.Log.Current.AppliedIndex}");
        throw new TimeoutException($"Waited {Limit.TotalSeconds:0} s for {what}. {string.Join("; ", states)}");
    }

    public Task HoldsAsync(Func<bool> holds, string what) => EventuallyAsync<object>(() => holds() ? true : null, what);

    /// <summary>All that run have applied the same, and are equal where they have.</summary>
    public async Task AgreeAsync()
    {
        await HoldsAsync(() => Running.Select(member => member.Log.Current.AppliedIndex).Distinct().Count() == 1, "all to have applied the same index");
        var copies = Running.Select(member => member.Log.Current).ToList();
        if (copies.Select(copy => copy.AppliedIndex).Distinct().Count() == 1)
            Assert.Single(copies.Select(copy => copy.Hash()).Distinct());
    }

    public static IntentKey Key(int number) => new(IntentKinds.Model, string.Create(CultureInfo.InvariantCulture, $"m{number}"));

    public static IntentChange Write(int number, byte value, params IntentCondition[] conditions) =>
        new() { Operation = Guid.NewGuid(), Conditions = conditions, Writes = [new IntentWrite(Key(number), [value])] };

    /// <summary>A change through a member, bounded.</summary>
    public static async Task<IntentOutcome> ChangeAsync(TestMember member, IntentChange change, double seconds = 60)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        return await member.Log.ChangeAsync(change, limit.Token);
    }

    public static async Task<IntentReplica> ReadAsync(TestMember member, double seconds = 60)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        return await member.Log.ReadAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            await member.DisposeAsync();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    private static IntentVoterOptions Options(string name, bool witness) => new()
    {
        Name = name,
        Consensus = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePorts.Range(1)}"),
        Protocol = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Range(1)}"),
        Witness = witness,
    };
}
