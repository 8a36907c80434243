using System.Diagnostics;
using System.Globalization;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>Does what a bad day does, one fault after another, in an order that its seed gives: each kind once before any comes again.</summary>
public sealed class Nemesis(ChaosCluster cluster, Random random, HashBook hashes)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<string> _diary = [];
    private readonly List<string> _faults = [];
    private readonly Queue<(string Name, Func<Task> Do)> _deck = new();

    /// <value>What it did, and when.</value>
    public IReadOnlyList<string> Diary => _diary;

    /// <value>The kinds of faults, in order.</value>
    public IReadOnlyList<string> Faults => _faults;

    public async Task RunAsync(int faults, CancellationToken cancellationToken)
    {
        for (var fault = 0; fault < faults; fault++)
        {
            await LullAsync(300, 1200, cancellationToken);
            if (_deck.Count == 0)
                Shuffle();
            await hashes.CollectAsync(cluster);
            var next = _deck.Dequeue();
            _faults.Add(next.Name);
            await next.Do();
        }
    }

    private void Shuffle()
    {
        List<(string, Func<Task>)> faults =
        [
            ("leader killed", KillLeaderAsync), ("all killed", KillAllAsync), ("leader frozen", FreezeLeaderAsync),
            ("one killed", KillOneAsync), ("one frozen", FreezeOneAsync), ("two killed", KillTwoAsync),
        ];
        if (cluster.Network.HasLinks)
            faults.AddRange([("site cut off", () => CutAsync(oneWay: false)), ("one way cut", () => CutAsync(oneWay: true)), ("leader cut off", CutLeaderAsync)]);
        foreach (var fault in Shuffled(faults))
            _deck.Enqueue(fault);
    }

    private async Task KillLeaderAsync() => await KillAsync(await cluster.LeaderAsync() ?? Any(cluster.Voters));

    private Task KillOneAsync() => KillAsync(Any(cluster.Processes));

    private async Task KillTwoAsync()
    {
        var victims = Shuffled(cluster.Voters).Take(2).ToArray();
        Note($"kill -9 {string.Join(" and ", victims.Select(victim => victim.Name))}");
        await Task.WhenAll(victims.Select(victim => victim.KillAsync()));
        await LullAsync(500, 2500);
        await StartAsync(victims);
    }

    private async Task KillAllAsync()
    {
        Note("kill -9 all");
        await Task.WhenAll(cluster.Processes.Select(process => process.KillAsync()));
        await StartAsync(Shuffled(cluster.Processes));
    }

    private async Task KillAsync(ChaosProcess victim)
    {
        Note($"kill -9 {victim.Name}");
        await victim.KillAsync();
        await LullAsync(300, 3500);
        await StartAsync([victim]);
    }

    private async Task FreezeLeaderAsync() => await FreezeAsync(await cluster.LeaderAsync() ?? Any(cluster.Voters));

    private Task FreezeOneAsync() => FreezeAsync(Any(cluster.Processes));

    private async Task FreezeAsync(ChaosProcess victim)
    {
        Note($"freeze {victim.Name}");
        victim.Freeze();
        await LullAsync(1000, 5000);
        victim.Thaw();
        Note($"thaw {victim.Name}");
    }

    private Task CutLeaderAsync() => CutAroundAsync(async () => (await cluster.LeaderAsync() ?? Any(cluster.Voters)).Site, oneWay: false);

    private Task CutAsync(bool oneWay) => CutAroundAsync(() => Task.FromResult(random.Next(ChaosCluster.Sites)), oneWay);

    private async Task CutAroundAsync(Func<Task<int>> choose, bool oneWay)
    {
        var site = await choose();
        Note($"cut {(oneWay ? "what leaves" : "off")} site {site}");
        for (var other = 0; other < ChaosCluster.Sites; other++)
        {
            if (other == site)
                continue;
            cluster.Network.Cut(site, other);
            if (!oneWay)
                cluster.Network.Cut(other, site);
        }

        await LullAsync(1000, 6000);
        cluster.Network.Heal();
        Note("heal");
    }

    private async Task StartAsync(IEnumerable<ChaosProcess> processes)
    {
        foreach (var process in processes)
        {
            Note($"start {process.Name}");
            process.Start();
            await LullAsync(0, 400);
        }
    }

    // The time that a fault lasts is part of the fault.
    private Task LullAsync(int leastMs, int mostMs, CancellationToken cancellationToken = default) => Task.Delay(random.Next(leastMs, mostMs), cancellationToken);

    private ChaosProcess Any(IEnumerable<ChaosProcess> processes) => processes.ElementAt(random.Next(processes.Count()));

    private T[] Shuffled<T>(IEnumerable<T> items)
    {
        var shuffled = items.ToArray();
        random.Shuffle(shuffled);
        return shuffled;
    }

    private void Note(string what) => _diary.Add(string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds,6:0.00} s  {what}"));
}
