using System.Globalization;
using System.Text.Json;
using Meridian.Benchmarks;
using Meridian.Load;

namespace Meridian.Wan.Scenarios;

/// <summary>Runs one scenario on an installation of its own.</summary>
internal static class ScenarioRunner
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task<ScenarioReport> RunAsync(Scenario scenario, ScenarioSettings settings)
    {
        await using var installation = new LabInstallation(scenario);
        await installation.StartAsync();

        using var stop = new CancellationTokenSource();
        using var faultOver = new CancellationTokenSource();
        var run = new ScenarioRun(installation, faultOver.Token);
        var time = TimeProvider.System;
        var sites = LabInstallation.CallerSites;
        var watches = LabInstallation.Regions.Concat(LabInstallation.FrontDoors)
            .Select(site => new RegionWatch(site, installation.CallerIn(site), installation.EdgeOf(site), time)).ToArray();
        var requests = new EmbeddingRequests(LabInstallation.Embedding, seed: 3);
        var embeddings = sites.Select(site => new OpenLoop(
            installation.CallerIn(site), index => requests.To(installation.EdgeOf(site), index), settings.Embeddings, AnswerLimit, time)).ToArray();
        var streams = sites.Select(site => new StreamLoad(installation.CallerIn(site), installation.EdgeOf(site), settings.Streams, settings.Tokens, time)).ToArray();
        var origin = time.GetTimestamp();
        TimeSpan Elapsed() => time.GetElapsedTime(origin);
        Task[] load = [.. watches.Select(w => w.RunAsync(stop.Token)), .. embeddings.Select(e => e.RunAsync(stop.Token)), .. streams.Select(s => s.RunAsync(stop.Token))];

        await Task.Delay(WarmUp + TimeSpan.FromSeconds(settings.Before), time);
        await StreamAtAsync(scenario.Victim, streams, time);
        var from = Elapsed();
        await scenario.Begin(run);
        await Task.Delay(TimeSpan.FromSeconds(settings.During), time);
        await faultOver.CancelAsync();
        var to = Elapsed();
        await scenario.End(run);
        await Task.Delay(TimeSpan.FromSeconds(settings.After), time);
        await stop.CancelAsync();
        await Task.WhenAll(load);

        var report = new ScenarioReport
        {
            Scenario = scenario.Name,
            What = scenario.What,
            Victim = scenario.Victim,
            FaultFrom = (from - WarmUp).TotalSeconds,
            FaultTo = (to - WarmUp).TotalSeconds,
            Callers = [.. sites.SelectMany((site, i) => Rows(site, embeddings[i].Samples, streams[i].Samples, from, to))],
            AtTheFault = AtTheFault(scenario.Victim, [.. streams.SelectMany(s => s.Samples)], from),
            Observers = [.. watches.Where(watch => watch.Site != scenario.Victim).Select(watch => Notice(watch, scenario.Victim, from, to))],
            Notes = [.. run.Notes, .. Followed(watches, from, to), .. Clocks(watches, scenario.Victim, from, to)],
            Machine = Machine.Describe(),
        };
        Directory.CreateDirectory(settings.Out);
        await File.WriteAllTextAsync(Path.Combine(settings.Out, $"{scenario.Name}.json"), JsonSerializer.Serialize(report, Json));
        return report;
    }

    // The fault should meet a stream; a region that serves none is hit all the same.
    private static async Task StreamAtAsync(string region, StreamLoad[] streams, TimeProvider time)
    {
        for (var i = 0; i < 500 && streams.All(load => load.OpenAt(region) == 0); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), time);
        }
    }

    private static IEnumerable<ScenarioReport.Row> Rows(
        string site, IReadOnlyCollection<LoadSample> embeddings, IReadOnlyCollection<StreamSample> streams, TimeSpan from, TimeSpan to)
    {
        foreach (var (phase, isIn) in Phases(from, to))
        {
            var some = embeddings.Where(s => isIn(s.Due, s.Done)).ToArray();
            yield return new ScenarioReport.Row(
                site,
                "embeddings",
                phase,
                some.Length,
                Count(some.Where(s => s.Error is not null).Select(s => s.Status > 0 ? FailureCode.Of(s.Error!, s.Status) : Short(s.Error!))),
                Percentiles.Of(some.Where(s => s.Error is null).Select(s => s.Latency)),
                Count(some.Where(s => s.Error is null).Select(s => s.Region ?? "unknown")));
        }

        foreach (var (phase, isIn) in Phases(from, to))
        {
            var some = streams.Where(s => isIn(s.Due, s.Done)).ToArray();
            yield return new ScenarioReport.Row(
                site,
                "streams",
                phase,
                some.Length,
                Count(some.Where(s => s.Failure is not null).Select(s => s.Failure!)),
                Percentiles.Of(some.Where(s => s.FirstToken is not null).Select(s => s.FirstToken!.Value - s.Due)),
                Count(some.Where(s => s.FirstToken is not null).Select(s => s.Region ?? "unknown")));
        }
    }

    private static (string Phase, Func<TimeSpan, TimeSpan, bool> IsIn)[] Phases(TimeSpan from, TimeSpan to) =>
    [
        ("before", (due, done) => due >= WarmUp && done < from),
        ("during", (due, done) => due < to && done >= from),
        ("after", (due, _) => due >= to),
    ];

    private static ScenarioReport.MovedStreams AtTheFault(string victim, StreamSample[] all, TimeSpan from)
    {
        var undisturbed = all.Where(s => s.Failure is null && s.Done < from).GroupBy(s => s.Text).OrderByDescending(g => g.Count()).FirstOrDefault()?.Key;
        var hit = all.Where(s => s.Region == victim && s.FirstToken < from && s.Done >= from).ToArray();
        var completed = hit.Where(s => s.Failure is null).ToArray();
        return new ScenarioReport.MovedStreams(
            hit.Length,
            completed.Length,
            Percentiles.Of(completed.Select(s => s.Stall)),
            Count(hit.Where(s => s.Failure is not null).Select(s => s.Failure!)),
            completed.Count(s => undisturbed is not null && s.Text != undisturbed));
    }

    private static ScenarioReport.Noticed Notice(RegionWatch watch, string victim, TimeSpan from, TimeSpan to)
    {
        var changes = watch.Changes.Where(s => s.Region == victim && s.At >= from).ToArray();
        var during = changes.Where(s => s.At < to).ToArray();
        var doubt = during.FirstOrDefault(s => s.Status != "alive");
        var last = changes.LastOrDefault();
        return new ScenarioReport.Noticed(
            watch.Site,
            (doubt?.At - from)?.TotalSeconds,
            during.Length == 0 ? null : string.Join(", ", during.Select(s => s.Status)),
            last is { Status: "alive" } && last.At >= to ? (last.At - to).TotalSeconds : null,
            changes.Length);
    }

    // Whose estimate of a round trip moved by more than a quarter and 20 ms, and how long that took: what a policy that goes by it can follow.
    private static IEnumerable<string> Followed(RegionWatch[] watches, TimeSpan from, TimeSpan to)
    {
        foreach (var watch in watches)
        {
            foreach (var region in LabInstallation.Regions.Where(region => region != watch.Site))
            {
                var sights = watch.Sights.Where(s => s.Region == region && s.RoundTripMs is not null).ToArray();
                if (sights.LastOrDefault(s => s.At < from)?.RoundTripMs is not { } before || sights.LastOrDefault(s => s.At < to)?.RoundTripMs is not { } end
                    || Math.Abs(end - before) < Math.Max(20, before / 4))
                {
                    continue;
                }

                var there = sights.FirstOrDefault(s => s.At >= from && Math.Abs(s.RoundTripMs!.Value - end) <= Math.Abs(end - before) / 10);
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{watch.Site}'s estimate of the round trip to {region} went from {before:0} to {end:0} ms; nine tenths of that within {(there!.At - from).TotalSeconds:0.0} s");
            }
        }
    }

    // Who tells its operator that the victim's clock is wrong, and how soon.
    private static IEnumerable<string> Clocks(RegionWatch[] watches, string victim, TimeSpan from, TimeSpan to)
    {
        foreach (var watch in watches)
        {
            var off = watch.Sights.Where(s => s.Region == victim && s.At >= from && Math.Abs(s.ClockOffMs ?? 0) > 2000).ToArray();
            if (off.Length > 0)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{watch.Site} showed the clock of {victim} {off[0].ClockOffMs / 1000:+0.0;-0.0} s off after {(off[0].At - from).TotalSeconds:0.0} s, and no more {(off[^1].At - to).TotalSeconds:0.0} s after the fault");
            }
        }
    }

    private static Dictionary<string, int> Count(IEnumerable<string> values) => values.CountBy(value => value).ToDictionary();

    private static string Short(string error) => error.StartsWith("no answer", StringComparison.Ordinal) ? "timeout" : error[..Math.Min(error.Length, 60)];
}
