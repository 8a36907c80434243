using System.Globalization;
using System.Text;

namespace Meridian.Intents.Tests.Contract;

/// <summary>What <see cref="IIntentLog"/> promises, whoever keeps it. One cluster serves all tests of a class: each uses names of its own.</summary>
public abstract class IntentLogContract(IntentClusterFixture fixture)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly string _name = Guid.NewGuid().ToString("N");

    private readonly IIntentCluster _cluster = Require(fixture);

    private IReadOnlyList<IIntentLog> Members => _cluster.Members;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AChangeIsMadeAndWhoeverMadeItHasIt()
    {
        var outcome = await Change(0, Set("a", "1"));

        Assert.True(outcome.Made);
        Assert.True(outcome.Revision > 0);
        Assert.Null(outcome.Conflict);
        var current = Members[0].Current;
        Assert.Equal("1", Text(current, "a"));
        Assert.Equal(outcome.Revision, current.Records[Key("a")].Epoch);
        Assert.Equal(Key("a"), current.Records[Key("a")].Key);
        Assert.True(current.Revision >= outcome.Revision);
    }

    [Fact]
    public async Task AChangeThroughAnyMemberIsReadThroughAnyOther()
    {
        for (var writer = 0; writer < Members.Count; writer++)
        {
            var value = writer.ToString(CultureInfo.InvariantCulture);
            await Change(writer, Set("a", value));
            foreach (var reader in Members)
                Assert.Equal(value, Text(await reader.ReadAsync(Token).WaitAsync(Limit, Token), "a"));
        }
    }

    [Fact]
    public async Task AllWritesOfAChangeHaveOneRevision()
    {
        var outcome = await Change(1, Set("a", "1"), Set("b", "2"), Set("c", "3"));

        var replica = await Members[2].ReadAsync(Token);
        Assert.All(["a", "b", "c"], name => Assert.Equal(outcome.Revision, replica.Records[Key(name)].Epoch));
    }

    [Fact]
    public async Task AChangeWhoseConditionFailsWritesNothingAndNamesTheConflict()
    {
        var first = await Change(0, Set("b", "old"));

        var outcome = await Change(1, [If("a", 0), If("b", 0), If("c", 5)], Set("a", "new"), Set("b", "new"));

        Assert.False(outcome.Made);
        Assert.Equal(Key("b"), outcome.Conflict);
        Assert.Equal(first.Revision, outcome.ConflictEpoch);
        Assert.True(outcome.Revision >= first.Revision);
        var replica = await Members[0].ReadAsync(Token);
        Assert.False(replica.Records.ContainsKey(Key("a")));
        Assert.Equal("old", Text(replica, "b"));
    }

    [Fact]
    public async Task AConditionOnWhatDoesNotExistNamesEpochZero()
    {
        var outcome = await Change(0, [If("none", 7)], Set("a", "1"));

        Assert.False(outcome.Made);
        Assert.Equal(Key("none"), outcome.Conflict);
        Assert.Equal(0, outcome.ConflictEpoch);
    }

    [Fact]
    public async Task AConditionMayBeOnARecordThatIsNotWritten()
    {
        var guard = await Change(0, Set("guard", "x"));

        Assert.True((await Change(1, [If("guard", guard.Revision)], Set("a", "1"))).Made);
        Assert.True((await Change(2, Set("guard", "y"))).Made);
        Assert.False((await Change(1, [If("guard", guard.Revision)], Set("a", "2"))).Made);
    }

    [Fact]
    public async Task CompareAndSetFollowsEpochs()
    {
        var epoch = 0L;
        for (var i = 0; i < 6; i++)
        {
            var outcome = await Change(i % Members.Count, [If("a", epoch)], Set("a", i.ToString(CultureInfo.InvariantCulture)));
            Assert.True(outcome.Made);
            Assert.True(outcome.Revision > epoch);
            Assert.False((await Change((i + 1) % Members.Count, [If("a", epoch)], Set("a", "stale"))).Made);
            epoch = outcome.Revision;
        }
    }

    [Fact]
    public async Task OfManyCompareAndSetsOnOneEpochOneIsMade()
    {
        var epoch = (await Change(0, Set("a", "0"))).Revision;

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 12).Select(i =>
            Change(i % Members.Count, [If("a", epoch)], Set("a", i.ToString(CultureInfo.InvariantCulture)))));

        var winner = Assert.Single(outcomes, outcome => outcome.Made);
        Assert.All(outcomes.Where(outcome => !outcome.Made), outcome => Assert.Equal(winner.Revision, outcome.ConflictEpoch));
    }

    [Fact]
    public async Task AnOperationIsMadeOnceHoweverOftenItIsSent()
    {
        var change = NewChange([], Set("a", "1"));
        var first = await Change(0, change);
        var second = await Change(0, Set("a", "2"));

        foreach (var member in Enumerable.Range(0, Members.Count))
            Assert.Equal(first, await Change(member, change));

        var replica = await Members[0].ReadAsync(Token);
        Assert.Equal("2", Text(replica, "a"));
        Assert.Equal(second.Revision, replica.Records[Key("a")].Epoch);
    }

    [Fact]
    public async Task AnOperationSentThroughAllMembersAtOnceIsMadeOnce()
    {
        var change = NewChange([If("a", 0)], Set("a", "1"));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 9).Select(i => Change(i % Members.Count, change)));

        Assert.True(outcomes[0].Made);
        Assert.Single(outcomes.Distinct());
    }

    [Fact]
    public async Task AFailureThatWasToldStaysOneWhenItsConditionsComeTrue()
    {
        var change = NewChange([If("a", 0)], Set("a", "late"));
        await Change(0, Set("a", "1"));
        var failure = await Change(0, change);
        Assert.False(failure.Made);
        await Change(1, new IntentWrite(Key("a"), null));

        foreach (var member in Enumerable.Range(0, Members.Count))
            Assert.Equal(failure, await Change(member, change));
        Assert.False((await Members[0].ReadAsync(Token)).Records.ContainsKey(Key("a")));
    }

    [Fact]
    public async Task ADeletedRecordIsGoneAndItsEpochsDoNotReturn()
    {
        var written = await Change(0, Set("a", "1"));
        var deleted = await Change(1, [If("a", written.Revision)], new IntentWrite(Key("a"), null));

        Assert.True(deleted.Made);
        Assert.False(Members[1].Current.Records.ContainsKey(Key("a")));
        Assert.False((await Change(2, [If("a", written.Revision)], Set("a", "x"))).Made);
        var again = await Change(2, [If("a", 0)], Set("a", "2"));
        Assert.True(again.Made);
        Assert.True(again.Revision > deleted.Revision);
    }

    [Fact]
    public async Task DeletingWhatDoesNotExistIsAChange()
    {
        var before = (await Members[0].ReadAsync(Token)).Revision;

        var outcome = await Change(0, new IntentWrite(Key("none"), null));

        Assert.True(outcome.Made);
        Assert.True(outcome.Revision > before);
        Assert.True(Members[0].Current.Revision >= outcome.Revision);
    }

    [Fact]
    public async Task RevisionsAndIndexesRise()
    {
        var (revision, index) = (0L, 0L);
        for (var i = 0; i < 5; i++)
        {
            var outcome = await Change(0, Set("a", i.ToString(CultureInfo.InvariantCulture)));
            var current = Members[0].Current;
            Assert.True(outcome.Revision > revision);
            Assert.True(current.AppliedIndex > index);
            (revision, index) = (outcome.Revision, current.AppliedIndex);
        }
    }

    [Fact]
    public async Task ACopyIsNotChangedByWhatComesAfterIt()
    {
        await Change(0, Set("a", "1"));
        var copy = Members[0].Current;
        var hash = copy.Hash();

        await Change(0, Set("a", "2"), Set("b", "3"));

        Assert.Equal("1", Text(copy, "a"));
        Assert.False(copy.Records.ContainsKey(Key("b")));
        Assert.Equal(hash, copy.Hash());
        Assert.NotEqual(hash, Members[0].Current.Hash());
    }

    [Fact]
    public async Task WaitingForAChangeEndsWithIt()
    {
        await Change(0, Set("a", "1"));
        var known = (await Members[1].ReadAsync(Token)).AppliedIndex;
        Assert.True((await Members[1].WaitForChangeAsync(known - 1, Token).WaitAsync(Limit, Token)).AppliedIndex >= known);

        var waiting = FirstWith(Members[1], replica => replica.Records.TryGetValue(Key("a"), out var record) && Encoding.UTF8.GetString(record.Value) == "2");
        await Change(0, Set("a", "2"));

        var seen = await waiting.WaitAsync(Limit, Token);
        Assert.True(seen.AppliedIndex > known);
    }

    [Fact]
    public async Task WaitingForAChangeCanBeGivenUp()
    {
        using var giveUp = new CancellationTokenSource();
        var waiting = Members[0].WaitForChangeAsync(Members[0].Current.AppliedIndex + 1_000_000_000, giveUp.Token);
        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Limit, Token));
    }

    [Fact]
    public async Task NamesMayHoldWhateverIsText()
    {
        string[] names = ["model/v1/x", "a%2Fb", "%", "Ünïcødé 模型 🙂", new string('n', 256), " ", "..", "a\u00a0b"];
        var writes = names.Select((name, i) => new IntentWrite(new IntentKey($"{_name}/k%", name), [(byte)i])).ToArray();

        var outcome = await Change(0, writes);

        Assert.True(outcome.Made);
        var replica = await Members[1].ReadAsync(Token);
        Assert.All(writes, write => Assert.Equal(write.Value, replica.Records[write.Key].Value));
        Assert.Equal(names.Length, replica.Records.Keys.Count(key => key.Kind == $"{_name}/k%"));
    }

    [Fact]
    public async Task AValueMayBeEmpty()
    {
        await Change(0, new IntentWrite(Key("a"), []));

        Assert.Empty((await Members[1].ReadAsync(Token)).Records[Key("a")].Value);
    }

    [Fact]
    public async Task AChangeMayHave128WritesAndConditions()
    {
        var names = Enumerable.Range(0, 128).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToArray();

        var outcome = await Change(0, [.. names.Select(name => If(name, 0))], [.. names.Select(name => Set(name, name))]);
        Assert.True(outcome.Made);
        var conflict = await Change(1, [.. names.Select(name => If(name, name == "127" ? outcome.Revision + 1 : outcome.Revision))], [.. names.Select(name => Set(name, "no"))]);

        Assert.Equal(Key("127"), conflict.Conflict);
        var replica = await Members[1].ReadAsync(Token);
        Assert.All(names, name => Assert.Equal(name, Text(replica, name)));
    }

    [Fact]
    public async Task AValueMayBeOneMebibyte()
    {
        var value = new byte[1024 * 1024];
        new Random(7).NextBytes(value);

        await Change(0, new IntentWrite(Key("a"), value));

        Assert.Equal(value, (await Members[2].ReadAsync(Token)).Records[Key("a")].Value);
        await Change(0, new IntentWrite(Key("a"), null));
    }

    [Fact]
    public async Task MalformedChangesAreRefusedByName()
    {
        var key = Key("a");
        IntentWrite[] write = [Set("a", "1")];
        (IntentChange Change, string Rule)[] malformed =
        [
            (new IntentChange { Operation = Guid.Empty, Writes = write }, "Operation"),
            (new IntentChange { Operation = Guid.NewGuid(), Writes = [] }, "Writes"),
            (new IntentChange { Operation = Guid.NewGuid(), Writes = [.. Enumerable.Range(0, 129).Select(i => Set($"{i}", ""))] }, "129"),
            (new IntentChange { Operation = Guid.NewGuid(), Writes = [write[0], write[0]] }, "twice"),
            (new IntentChange { Operation = Guid.NewGuid(), Writes = [new IntentWrite(key, new byte[1024 * 1024 + 1])] }, "1048577"),
            (new IntentChange { Operation = Guid.NewGuid(), Writes = [new IntentWrite(key with { Name = "" }, [])] }, "name"),
            (new IntentChange { Operation = Guid.NewGuid(), Writes = [new IntentWrite(key with { Name = new string('x', 257) }, [])] }, "256"),
            (new IntentChange { Operation = Guid.NewGuid(), Writes = [new IntentWrite(key with { Name = "\ud800" }, [])] }, "name"),
            (new IntentChange { Operation = Guid.NewGuid(), Writes = write, Conditions = [new IntentCondition(key, -1)] }, "-1"),
        ];

        foreach (var (change, rule) in malformed)
        {
            var exception = await Assert.ThrowsAnyAsync<ArgumentException>(() => Members[0].ChangeAsync(change, Token));
            Assert.Contains(rule, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task CopiesAtOneIndexAreEqual()
    {
        for (var i = 0; i < 20; i++)
            await Change(i % Members.Count, i % 4 == 3 ? new IntentWrite(Key($"{i - 1}"), null) : Set($"{i}", $"{i}"));

        var replicas = await Task.WhenAll(Members.Select(member => member.ReadAsync(Token)));

        var index = replicas.Max(replica => replica.AppliedIndex);
        var equal = await Task.WhenAll(Members.Select(member => member.WaitForChangeAsync(index - 1, Token).WaitAsync(Limit, Token)));
        Assert.All(equal, replica => Assert.Equal(index, replica.AppliedIndex));
        Assert.Single(equal.Select(replica => replica.Hash()).Distinct());
        Assert.Single(equal.Select(replica => replica.Revision).Distinct());
    }

    [Fact]
    public async Task StatusTellsHowTheLogStands()
    {
        await Change(0, Set("a", "1"));

        foreach (var member in Members)
        {
            var status = await Eventually(() => member.Status, status => status.CanChange && status.Leader is not null);
            Assert.Equal(3, status.Voters.Length);
            Assert.Contains(status.Leader, status.Voters.Select(voter => voter.Name));
            Assert.Null(status.Problem);
            Assert.True(status.AppliedIndex > 0);
            Assert.True(status.CommittedIndex >= status.AppliedIndex);
            Assert.True(status.Term > 0);
        }
    }

    [Fact]
    public async Task AChangeWhoseTimeIsOverBeforeItBeginsIsNotMade()
    {
        using var over = new CancellationTokenSource();
        await over.CancelAsync();

        var refused = await Assert.ThrowsAsync<IntentUnavailableException>(() => Members[0].ChangeAsync(NewChange([], Set("a", "1")), over.Token).WaitAsync(Limit, Token));

        Assert.False(refused.OutcomeUnknown);
        Assert.False((await Members[0].ReadAsync(Token)).Records.ContainsKey(Key("a")));
    }

    [Fact]
    public async Task WithoutAMajorityLocalReadsGoOnAndChangesAreRefused()
    {
        await Change(0, Set("a", "1"));
        var log = Members[0];
        await _cluster.LoseMajorityAsync();
        IntentChange change;
        try
        {
            change = NewChange([], Set("a", "2"));
            var refused = await Assert.ThrowsAsync<IntentUnavailableException>(() => Within(TimeSpan.FromSeconds(4), token => log.ChangeAsync(change, token)));
            Assert.NotEmpty(refused.Message);
            Assert.Equal("1", Text(log.Current, "a"));
            var status = await Eventually(() => log.Status, status => !status.CanChange);
            Assert.False(string.IsNullOrEmpty(status.Problem));
            await Assert.ThrowsAsync<IntentUnavailableException>(() => Within(TimeSpan.FromSeconds(1), log.ReadAsync));
            Assert.Equal("1", Text(log.Current, "a"));
        }
        finally
        {
            await _cluster.RestoreMajorityAsync();
        }

        // What was refused may have been made all the same; repeated, it has been made once.
        var outcome = await Change(0, change);
        Assert.Equal(outcome, await Change(1, change));
        Assert.Equal(outcome.Revision, (await log.ReadAsync(Token)).Records[Key("a")].Epoch);
        await Eventually(() => log.Status, status => status.CanChange && status.Problem is null);
    }

    [Fact]
    public async Task AMemberThatIsStartedAgainHasWhatItHadAndGetsTheRest()
    {
        var outcome = await Change(2, Set("a", "1"));
        await Change(0, Set("b", "2"));

        await _cluster.RestartAsync(2);

        var replica = await Members[2].ReadAsync(Token).WaitAsync(Limit, Token);
        Assert.Equal(outcome.Revision, replica.Records[Key("a")].Epoch);
        Assert.Equal("2", Text(replica, "b"));
        Assert.True((await Change(2, NewChange([If("a", outcome.Revision)], Set("a", "3")))).Made);
    }

    private static IIntentCluster Require(IntentClusterFixture fixture)
    {
        Assert.SkipWhen(fixture.Missing is not null, fixture.Missing ?? "");
        return fixture.Cluster;
    }

    private static async Task<T> Eventually<T>(Func<T> ask, Func<T, bool> wanted)
        where T : class
    {
        T? last = null;
        return await Meridian.Cluster.Tests.Harness.Eventually.AnswersAsync(
            _ => Task.FromResult(wanted(last = ask()) ? last : null), "another state", Limit, () => $"{last}");
    }

    private static async Task<IntentReplica> FirstWith(IIntentLog log, Func<IntentReplica, bool> wanted)
    {
        var replica = log.Current;
        while (!wanted(replica))
            replica = await log.WaitForChangeAsync(replica.AppliedIndex, Token);
        return replica;
    }

    private static async Task<T> Within<T>(TimeSpan allowed, Func<CancellationToken, Task<T>> call)
    {
        using var ends = new CancellationTokenSource(allowed);
        return await call(ends.Token).WaitAsync(allowed + Limit, Token);
    }

    private Task<IntentOutcome> Change(int member, params IntentWrite[] writes) => Change(member, [], writes);

    private Task<IntentOutcome> Change(int member, IntentCondition[] conditions, params IntentWrite[] writes) => Change(member, NewChange(conditions, writes));

    private Task<IntentOutcome> Change(int member, IntentChange change) => Members[member].ChangeAsync(change, Token).WaitAsync(Limit, Token);

    private static IntentChange NewChange(IntentCondition[] conditions, params IntentWrite[] writes) =>
        new() { Operation = Guid.NewGuid(), Conditions = conditions, Writes = writes, Author = "contract" };

    private IntentCondition If(string name, long epoch) => new(Key(name), epoch);

    private IntentWrite Set(string name, string value) => new(Key(name), Encoding.UTF8.GetBytes(value));

    private string Text(IntentReplica replica, string name) => Encoding.UTF8.GetString(replica.Records[Key(name)].Value);

    private IntentKey Key(string name) => new(IntentKinds.Model, $"{_name}-{name}");
}
