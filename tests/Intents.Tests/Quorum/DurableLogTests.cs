using CsCheck;
using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using Meridian.Intents.Raft;

namespace Meridian.Intents.Tests.Quorum;

public sealed class DurableLogTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("durable-log-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_older_request_that_arrives_late_cuts_nothing_off()
    {
        var log = Open();
        await AppendAsync(log, 1, 5, 5, 5, 5, 5, 5, 5, 5);

        await AppendAsync(log, 1, 5, 5, 5);

        Assert.Equal(8, log.LastEntryIndex);
        await log.DisposeAsync();
        await using var again = Open();
        Assert.Equal(new long[] { 5, 5, 5, 5, 5, 5, 5, 5 }, await TermsAsync(again));
    }

    [Fact]
    public async Task A_conflict_deletes_the_tail_from_there_on()
    {
        var log = Open();
        await AppendAsync(log, 1, 5, 5, 5, 5, 5);

        await AppendAsync(log, 2, 5, 6);

        await log.DisposeAsync();
        await using var again = Open();
        Assert.Equal(new long[] { 5, 5, 6 }, await TermsAsync(again));
    }

    [Fact]
    public async Task Entries_that_are_committed_stay_when_they_come_again()
    {
        await using var log = Open();
        await AppendAsync(log, 1, 5, 5, 5, 5, 5);
        await log.CommitAsync(3);

        await AppendAsync(log, 1, 5, 5);
        await AppendAsync(log, 2, 5, 5, 5, 6);

        Assert.Equal(new long[] { 5, 5, 5, 5, 6 }, await TermsAsync(log));
    }

    /// <summary>Against the rule itself: keep what is alike, delete from the first difference on, append the rest.</summary>
    [Fact]
    public async Task Any_sequence_of_requests_leaves_what_the_rule_says()
    {
        var requests = Gen.Select(Gen.Int[0, 100], Gen.Int[1, 3].Array[1, 6]).Array[1, 12];
        var run = 0;
        await requests.SampleAsync(
            async sequence =>
            {
                var name = $"run{Interlocked.Increment(ref run)}";
                var expected = new List<long>();
                var log = Open(name);
                foreach (var (position, terms) in sequence)
                {
                    var start = 1 + position % (expected.Count + 1);
                    for (var i = 0; i < terms.Length; i++)
                    {
                        var at = start - 1 + i;
                        if (at < expected.Count && expected[at] == terms[i])
                            continue;
                        expected.RemoveRange(at, expected.Count - at);
                        expected.AddRange(terms[i..].Select(term => (long)term));
                        break;
                    }

                    await AppendAsync(log, start, [.. terms.Select(term => (long)term)]);
                }

                var before = await TermsAsync(log);
                await log.DisposeAsync();
                await using var again = Open(name);
                return before.SequenceEqual(expected) && (await TermsAsync(again)).SequenceEqual(expected);
            },
            iter: 40,
            threads: 1);
    }

    private static ValueTask AppendAsync(IAuditTrail<IRaftLogEntry> log, long start, params long[] terms) =>
        log.AppendAsync(new LogEntryProducer<BufferedEntry>([.. terms.Select(term => new BufferedEntry(term, false, null, Array.Empty<byte>()))]), start, skipCommitted: true);

    private static async Task<long[]> TermsAsync(DurableLog log)
    {
        if (log.LastEntryIndex == 0)
            return [];
        using var entries = await log.ReadAsync(1, log.LastEntryIndex);
        return [.. entries.Select(entry => entry.Term)];
    }

    private DurableLog Open(string name = "one")
    {
        var folder = Path.Combine(_folder, name);
        return new DurableLog(Path.Combine(folder, "log"), new ReplicatedState(Path.Combine(folder, "snapshots"), 64, 1, static _ => { }, static _ => { }));
    }
}
