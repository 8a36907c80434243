using System.Diagnostics;
using System.Globalization;
using Meridian.Intents.Tests.Linearizability;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>
/// One run: clients and nemesis at the same time; then all is healed, killed with -9 at once, started again in any order, and read through every node. What was seen must have an order
/// that explains it, the reads at the end included: so what was acknowledged is present.
/// </summary>
public static class ChaosRun
{
    /// <returns>A line about the run.</returns>
    public static async Task<string> RunAsync(ChaosCluster cluster, ChaosSettings settings, CancellationToken cancellationToken)
    {
        // Neighbouring seeds of Random draw alike: spread them (Knuth's multiplicative hash).
        var random = new Random(unchecked(settings.Seed * (int)2654435761));
        var (history, hashes) = (new ChaosHistory(), new HashBook());
        var nemesis = new Nemesis(cluster, settings.Kinds, new Random(random.Next()), hashes);
        var watch = Stopwatch.StartNew();
        try
        {
            await cluster.StartAllAsync();
            var value = 0;
            var clients = Enumerable.Range(0, settings.Clients)
                .Select(_ => new ChaosClient(cluster, history, settings, new Random(random.Next()), () => Interlocked.Increment(ref value))).ToArray();
            var faults = nemesis.RunAsync(settings.Faults, cancellationToken);
            var left = settings.Operations;
            var pace = TimeSpan.FromMilliseconds(settings.Clients * 3500.0 * settings.Faults / settings.Operations);
            await Task.WhenAll(clients.Select((client, i) => LoadAsync(client, new Random(settings.Seed * 100 + i))));
            await faults;

            cluster.Network.Heal();
            await cluster.StartAllAsync();
            await hashes.CollectAsync(cluster);
            await Task.WhenAll(cluster.Processes.Select(process => process.KillAsync()));
            var order = cluster.Processes.ToArray();
            random.Shuffle(order);
            await cluster.StartAllAsync(order);
            await ReadAllAsync(cluster, history, clients[0]);
            await hashes.CollectAsync(cluster);

            history.AssertNoCompareAndSetTwice();
            history.AssertRevisionsAreUnique();
            history.AssertLinearizable();
            Assert.All(settings.Kinds.Where(kind => cluster.Network.HasLinks || !FaultKinds.NeedsLinks(kind)), kind => Assert.True(settings.Faults < settings.Kinds.Count || nemesis.Faults.Contains(kind), $"'{kind}' did not occur."));
            Assert.True(hashes.Equal > 0, "No two nodes were ever at one index: nothing was compared.");
            var kinds = history.Calls.CountBy(call => call.Operation.Kind).ToDictionary();
            var made = kinds.GetValueOrDefault(RecordOperationKind.Made);
            Assert.True(made > settings.Operations / 5, $"Only {made} of {settings.Operations} operations were changes that were made: this run says little.");
            return string.Create(
                CultureInfo.InvariantCulture,
                $"seed {settings.Seed}{(cluster.Network.HasLinks ? "" : " on loopback, without links to cut")}: {history.Count} operations ({made} made, {kinds.GetValueOrDefault(RecordOperationKind.NotMade)} not made, {kinds.GetValueOrDefault(RecordOperationKind.Read)} reads, {kinds.GetValueOrDefault(RecordOperationKind.Unknown)} without an answer), {clients.Sum(client => client.Retries)} attempts repeated, {clients.Sum(client => client.Dropped)} refused, {settings.Faults} faults ({string.Join(", ", nemesis.Faults)}), {hashes.Equal} copies equal at one index, {watch.Elapsed.TotalSeconds:0} s");

            async Task LoadAsync(ChaosClient client, Random pauses)
            {
                while (Interlocked.Decrement(ref left) >= 0 || !faults.IsCompleted)
                {
                    await client.StepAsync();
                    await Task.Delay(2 * pauses.NextDouble() * pace, cancellationToken);
                }
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new InvalidOperationException(
                $"Seed {settings.Seed}: {exception.Message}{Environment.NewLine}{string.Join(Environment.NewLine, nemesis.Diary)}{Environment.NewLine}{cluster.Tails()}", exception);
        }
    }

    // Every record that was ever named, in every node's copy.
    private static async Task ReadAllAsync(ChaosCluster cluster, ChaosHistory history, ChaosClient reader)
    {
        foreach (var node in cluster.Nodes)
        {
            var called = ChaosHistory.Now;
            var replica = await node.ReadAsync(TimeSpan.FromSeconds(10));
            Assert.NotNull(replica);
            Assert.True(replica.Answered, $"{node.Name} does not read: {replica.Problem}");
            var returned = ChaosHistory.Now;
            foreach (var name in history.Names)
                reader.See(replica, name, called, returned);
        }
    }
}
