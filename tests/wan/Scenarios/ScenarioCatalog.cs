using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Meridian.Cluster.Tests.Harness;
using Meridian.Wan.Lab;

namespace Meridian.Wan.Scenarios;

/// <summary>The faults, one entry each.</summary>
internal static partial class ScenarioCatalog
{
    private const string Europe = "westeurope";
    private const string Asia = "southeastasia";
    private static readonly TimeSpan OrderLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenOrders = TimeSpan.FromSeconds(0.5);

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new(
            "latency-shift",
            "The round trip between uksouth and westeurope goes from 13 to 150 ms: eastus is nearer now",
            Europe,
            run => Now(() => run.Lab.Link("uksouth", Europe).SetRoundTrip(TimeSpan.FromMilliseconds(150))),
            run => Now(() => RegionPairs.Apply(run.Lab))),
        new(
            "one-way-partition",
            "westeurope hears everyone and nobody hears westeurope",
            Europe,
            run => Now(() => SetFrom(run.Lab, Europe, LineState.Cut)),
            run => Now(() => SetFrom(run.Lab, Europe, LineState.Open))),
        new(
            "full-partition",
            "westeurope is cut off from everyone, silently",
            Europe,
            run => Now(() => Each(run.Lab.LinksOf(Europe), link => link.Cut())),
            run => Now(() => Each(run.Lab.LinksOf(Europe), link => link.Heal()))),
        new(
            "two-against-one",
            "eastus and westeurope do not reach southeastasia, nor it them; front doors reach all",
            Asia,
            run => Now(() => Each([run.Lab.Link(Asia, "eastus"), run.Lab.Link(Asia, Europe)], link => link.Cut())),
            run => Now(() => Each([run.Lab.Link(Asia, "eastus"), run.Lab.Link(Asia, Europe)], link => link.Heal()))),
        new(
            "slow-link",
            "Everything to and from westeurope shares 128 kbit/s a link and direction",
            Europe,
            run => Now(() => Each(run.Lab.LinksOf(Europe), link => link.Set(settings => settings with { BitsPerSecond = 128_000 }))),
            run => Now(() => Each(run.Lab.LinksOf(Europe), link => link.Set(settings => settings with { BitsPerSecond = null })))),
        new(
            "flapping-link",
            "westeurope is cut off for 0.7 s in every 2 s",
            Europe,
            run =>
            {
                _ = FlapAsync(run);
                return Task.CompletedTask;
            },
            run => Now(() => Each(run.Lab.LinksOf(Europe), link => link.Heal()))),
        new(
            "jitter",
            "100 ms of jitter on every link",
            Europe,
            run => Now(() => Each(run.Lab.Lines, line => line.Settings = line.Settings with { Jitter = TimeSpan.FromMilliseconds(100) })),
            run => Now(() => Each(run.Lab.Lines, line => line.Settings = line.Settings with { Jitter = TimeSpan.Zero }))),
        new(
            "kill",
            "kill -9 of westeurope's process; it starts again when the fault ends",
            Europe,
            run => run.Installation[Europe].KillAsync(),
            run => Now(() => run.Installation.Start(Europe))),
        new(
            "freeze",
            "SIGSTOP of westeurope's process: its connections stay open and nothing moves",
            Europe,
            run => Now(() => run.Installation[Europe].Signal(Signals.Stop)),
            run => Now(() => run.Installation[Europe].Signal(Signals.Continue))),
        new(
            "disk-full",
            "The disk under westeurope's store has no byte left",
            Europe,
            FillAsync,
            FreeAsync,
            SmallDisk: "store"),
        new(
            "log-disk-full",
            "The disk under westeurope's copy of the intent log has no byte left, while operators change a tenant through it and through eastus",
            Europe,
            FillLogAsync,
            FreeLogAsync,
            SmallDisk: "intent"),
        new(
            "clock-ahead",
            "westeurope's clock is set an hour forward, and right again when the fault ends",
            Europe,
            run => Now(() => run.Installation.Clock.Set(TimeSpan.FromHours(1))),
            run => Now(() => run.Installation.Clock.Set(TimeSpan.Zero)),
            Clock: true),
        new(
            "clock-behind",
            "westeurope's clock is set an hour back, and right again when the fault ends",
            Europe,
            run => Now(() => run.Installation.Clock.Set(TimeSpan.FromHours(-1))),
            run => Now(() => run.Installation.Clock.Set(TimeSpan.Zero)),
            Clock: true),
    ];

    private static async Task FlapAsync(ScenarioRun run)
    {
        try
        {
            while (true)
            {
                Each(run.Lab.LinksOf(Europe), link => link.Cut());
                await Task.Delay(TimeSpan.FromSeconds(0.7), run.Cancelled);
                Each(run.Lab.LinksOf(Europe), link => link.Heal());
                await Task.Delay(TimeSpan.FromSeconds(1.3), run.Cancelled);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static Task FillAsync(ScenarioRun run)
    {
        Fill(run);
        _ = OrderUntilFreeAsync(run, $"orders to the region with the disk full (1 or 2 replicas of {LabInstallation.Embedding})", n => ScaleAsync(run, 1 + (n % 2)));
        return Task.CompletedTask;
    }

    private static async Task FreeAsync(ScenarioRun run)
    {
        run.Installation.Disk.Free();
        await OrderUntilTakenAsync(run, "1 replica", _ => ScaleAsync(run, 1));
    }

    private static Task FillLogAsync(ScenarioRun run)
    {
        Fill(run);
        foreach (var region in new[] { Europe, "eastus" })
        {
            _ = OrderUntilFreeAsync(run, $"changes through {region}", n => SetTenantAsync(run, region, n));
        }

        return Task.CompletedTask;
    }

    private static async Task FreeLogAsync(ScenarioRun run)
    {
        using (var report = JsonDocument.Parse(await run.Installation.CallerIn(Europe).GetStringAsync(new Uri(run.Installation.EdgeOf(Europe), "admin/api/directory"))))
        {
            var log = report.RootElement;
            run.Notes.Add($"{Europe} tells its operator: can_change {log.GetProperty("can_change")}, role {log.GetProperty("role")}, applied {log.GetProperty("applied_index")} of {log.GetProperty("committed_index")}, problem '{log.GetProperty("problem")}'");
        }

        run.Installation.Disk.Free();
        await OrderUntilTakenAsync(run, $"a change through {Europe}", n => SetTenantAsync(run, Europe, n));
    }

    private static void Fill(ScenarioRun run) => run.Notes.Add($"{run.Installation.Disk.Fill():N0} bytes went in until the disk was full");

    private static async Task OrderUntilFreeAsync(ScenarioRun run, string what, Func<int, Task<string>> order)
    {
        var answers = new List<string>();
        while (!run.Cancelled.IsCancellationRequested)
        {
            answers.Add(await order(answers.Count));
            await Task.Delay(BetweenOrders);
        }

        run.Notes.Add($"{what}: {string.Join("; ", answers.CountBy(answer => answer).Select(pair => $"{pair.Value} times {pair.Key}"))}");
    }

    private static async Task OrderUntilTakenAsync(ScenarioRun run, string what, Func<int, Task<string>> order)
    {
        var watch = Stopwatch.StartNew();
        var orders = 0;
        string answer;
        do
        {
            await Task.Delay(BetweenOrders);
            answer = await order(orders++);
        }
        while (answer != "200" && watch.Elapsed < TimeSpan.FromSeconds(60));
        run.Notes.Add(string.Create(CultureInfo.InvariantCulture, $"with space again, the last order ({what}), after {watch.Elapsed.TotalSeconds:0.0} s: {answer}"));
    }

    // What a region has to write down in its store.
    private static Task<string> ScaleAsync(ScenarioRun run, int replicas) => OrderAsync(run, Europe, $"admin/api/models/{LabInstallation.Embedding}/replicas", new { replicas });

    // What all regions have to write down: some pages, so that a full disk is met.
    private static Task<string> SetTenantAsync(ScenarioRun run, string region, int number) =>
        OrderAsync(run, region, "admin/api/directory/tenant/lab", new { residency = Enumerable.Range(number, 400).Select(n => $"jurisdiction-{n}") });

    private static async Task<string> OrderAsync(ScenarioRun run, string region, string path, object body)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken.None);
        limit.CancelAfter(OrderLimit);
        try
        {
            using var answer = await run.Installation.CallerIn(region).PutAsJsonAsync(new Uri(run.Installation.EdgeOf(region), path), body, limit.Token);
            var said = await answer.Content.ReadAsStringAsync(limit.Token);
            return $"{(int)answer.StatusCode} {(answer.IsSuccessStatusCode ? "" : Id().Replace(said[..Math.Min(said.Length, 300)], "..."))}".TrimEnd();
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return e is OperationCanceledException ? $"no answer within {OrderLimit.TotalSeconds:0} s" : FailureCode.Of(e);
        }
    }

    private static void SetFrom(WanLab lab, string site, LineState state) =>
        Each(lab.Lines.Where(line => line.From == site), line => line.Settings = line.Settings with { State = state });

    private static void Each<T>(IEnumerable<T> items, Action<T> change)
    {
        foreach (var item in items)
        {
            change(item);
        }
    }

    private static Task Now(Action change)
    {
        change();
        return Task.CompletedTask;
    }

    [GeneratedRegex("req_[0-9a-f]+")]
    private static partial Regex Id();
}
