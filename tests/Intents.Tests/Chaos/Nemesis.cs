using System.Diagnostics;
using System.Globalization;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>Does what a bad day does, one fault after another, in an order that its seed gives: each kind once before any comes again.</summary>
/// <param name="cluster">Whose day it is.</param>
/// <param name="kinds">What it may do; what needs links is left out where there are none.</param>
/// <param name="random">Order, victims and times.</param>
/// <param name="hashes">Filled before each fault.</param>
public sealed class Nemesis(ChaosCluster cluster, IReadOnlyList<string> kinds, Random random, HashBook hashes)
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
        foreach (var kind in Shuffled(kinds.Where(kind => cluster.Network.HasLinks || !FaultKinds.NeedsLinks(kind))))
            _deck.Enqueue((kind, Fault(kind)));
    }

    private Func<Task> Fault(string kind) => kind switch
    {
        FaultKinds.LeaderKilled => KillLeaderAsync,
        FaultKinds.OneKilled => KillOneAsync,
        FaultKinds.TwoKilled => KillTwoAsync,
        FaultKinds.AllKilled => KillAllAsync,
        FaultKinds.LeaderFrozen => FreezeLeaderAsync,
        FaultKinds.OneFrozen => FreezeOneAsync,
        FaultKinds.TwoFrozen => () => FreezeAsync(Shuffled(cluster.Voters).Take(2)),
        FaultKinds.SiteCutOff => () => CutAsync(oneWay: false),
        FaultKinds.OneWayCut => () => CutAsync(oneWay: true),
        FaultKinds.LeaderCutOff => CutLeaderAsync,
        FaultKinds.LinksFlap => FlapAsync,
        _ => throw new ArgumentException($"'{kind}' is no fault; faults are {string.Join(", ", FaultKinds.All)}."),
    };

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

    private async Task FreezeLeaderAsync() => await FreezeAsync([await cluster.LeaderAsync() ?? Any(cluster.Voters)]);

    private Task FreezeOneAsync() => FreezeAsync([Any(cluster.Processes)]);

    private async Task FreezeAsync(IEnumerable<ChaosProcess> victims)
    {
        var frozen = victims.ToArray();
        Note($"freeze {string.Join(" and ", frozen.Select(victim => victim.Name))}");
        foreach (var victim in frozen)
            victim.Freeze();
        await LullAsync(1000, 5000);
        foreach (var victim in frozen)
        {
            victim.Thaw();
            Note($"thaw {victim.Name}");
        }
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

    // Links that come and go faster than an election: requests get through and their answers do not, or the other way round, and connections are made again and again.
    private async Task FlapAsync()
    {
        Note("links flap");
        var flaps = random.Next(8, 20);
        for (var flap = 0; flap < flaps; flap++)
        {
            var from = random.Next(ChaosCluster.Sites);
            var to = (from + 1 + random.Next(ChaosCluster.Sites - 1)) % ChaosCluster.Sites;
            cluster.Network.Cut(from, to);
            if (random.Next(2) == 0)
                cluster.Network.Cut(to, from);
            await LullAsync(50, 500);
            if (random.Next(3) > 0)
                cluster.Network.Heal();
            await LullAsync(20, 200);
        }

        cluster.Network.Heal();
        Note($"heal after {flaps} flaps");
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
