using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Meridian.Client;
using Meridian.Client.Hosting;
using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Sessions;
using Meridian.Load;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Meridian.Benchmarks.Generation;

/// <summary>
/// (g): many prompts of several hundred tokens at once, and one that nearly fills the context, through the front door, a region's facade and the .NET client, with the deadlines that they have by
/// default. None may fail. Through the front door streams run beside them; time to first token and throughput stand beside those of the raw loop, which has nothing beside it.
/// </summary>
public sealed class LongPromptBenchmark(GenerationModel model, int prompts, int promptTokens, int longPrompt, int running, int tokens)
{
    private const string Region = "eastus";
    private readonly Random _random = new(8);

    /// <returns>Requests that failed.</returns>
    public async Task<int> RunAsync()
    {
        var (loopFirst, loopRate) = await LoopAsync();
        using var data = new TemporaryDirectory();
        await using var installation = new Installation(data.Path, regions: 1, Models.Entry(
            0, model.Name, model.Folder, ("Kind", "generation"), ("IntraOpThreads", model.Threads.ToString(CultureInfo.InvariantCulture)), ("PrefixCache", "false")));
        installation.StartRegion(Region);
        var (_, door) = installation.StartFrontDoor();
        await installation.SeesAsync(door, model.Name, Region);
        var facade = installation.Facade(Region).Address;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
        using var host = ClientOf(installation);
        await host.StartAsync();
        var client = host.Services.GetRequiredService<IMeridianClient>();
        await client.WaitUntilAsync(regions => regions.All(region => region.State == RegionConnectionState.Alive && region.Models.Any(m => m.Model == model.Name && m.ReadyReplicas > 0)));

        var rows = new List<string[]> { Row("raw loop", new Outcome([loopFirst], loopRate, [])) };
        var failures = new List<string>();
        foreach (var (name, ask) in new (string, Func<int[], int, Task<Answered>>)[]
        {
            ("front door", (prompt, most) => HttpAsync(http, door.Address, prompt, most)),
            ("region's facade", (prompt, most) => HttpAsync(http, facade, prompt, most)),
            (".NET client", (prompt, most) => ClientAsync(client, prompt, most)),
        })
        {
            if (name == "front door")
                await MeasureAsync($"{name}, beside {running} streams", () => BesideAsync(ask));
            await MeasureAsync(name, () => AllAsync(ask, prompts, promptTokens, tokens));
            await MeasureAsync($"{name}, one of {longPrompt}", () => AllAsync(ask, 1, longPrompt, 8));
        }

        Table.Print(
            $"(g) {model.Name}: {prompts} prompts of {promptTokens} + {tokens} tokens at once, and one of {longPrompt} + 8",
            ["", "first token p50 s", "max s", "tokens/s", "failed"],
            [.. rows]);
        foreach (var failure in failures)
            Console.WriteLine($"FAILED {failure}");
        await host.StopAsync();
        return failures.Count;

        async Task MeasureAsync(string name, Func<Task<Outcome>> measure)
        {
            var outcome = await measure();
            rows.Add(Row(name, outcome));
            Console.WriteLine($"{name}: first token at the latest after {outcome.First.DefaultIfEmpty().Max():0.0} s, {outcome.Failures.Length} failed");
            failures.AddRange(outcome.Failures.Select(failure => $"{name}: {failure}"));
        }
    }

    private async Task<(double FirstSeconds, double Rate)> LoopAsync()
    {
        using var loop = await EngineThread.RunAsync("raw loop load", () => new RawLoop(model.Package, model.Shape, prompts, promptTokens + tokens, model.Threads));
        var given = EngineStreams.Prompts(_random, prompts, promptTokens, model.Vocabulary);
        return await EngineThread.RunAsync("raw loop", () =>
        {
            var started = Stopwatch.GetTimestamp();
            loop.Run(given, tokens);
            return (loop.PromptSeconds, prompts * tokens / Stopwatch.GetElapsedTime(started).TotalSeconds);
        });
    }

    /// <summary>The prompts come while other streams run; those go on until the prompts are answered.</summary>
    private async Task<Outcome> BesideAsync(Func<int[], int, Task<Answered>> ask)
    {
        var over = false;
        var beside = Enumerable.Range(0, running).Select(async _ =>
        {
            var failures = new List<string>();
            while (!Volatile.Read(ref over))
            {
                if ((await ask(EngineStreams.Prompts(_random, 1, 16, model.Vocabulary)[0], 64)).Failure is { } failure)
                    failures.Add($"beside: {failure}");
            }

            return failures;
        }).ToArray();
        var outcome = await AllAsync(ask, prompts, promptTokens, tokens);
        Volatile.Write(ref over, true);
        return outcome with { Failures = [.. outcome.Failures, .. (await Task.WhenAll(beside)).SelectMany(failures => failures)] };
    }

    private async Task<Outcome> AllAsync(Func<int[], int, Task<Answered>> ask, int count, int length, int most)
    {
        var given = EngineStreams.Prompts(_random, count, length, model.Vocabulary);
        var started = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(given.Select(prompt => Task.Run(() => ask(prompt, most))));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new Outcome([.. answers.Where(a => a.Failure is null).Select(a => a.FirstSeconds)], count * most / seconds, [.. answers.Select(a => a.Failure).OfType<string>()]);
    }

    private async Task<Answered> HttpAsync(HttpClient http, Uri address, int[] prompt, int most)
    {
        var started = Stopwatch.GetTimestamp();
        var first = 0.0;
        try
        {
            var body = JsonSerializer.Serialize(new { model = model.Name, prompt, max_tokens = most, temperature = 0, stream = true, ignore_eos = true, stream_options = new { include_usage = true } });
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "v1/completions")) { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
            string? usage = null, last = null;
            while (await lines.ReadLineAsync() is { } line)
            {
                if (!line.StartsWith("data: ", StringComparison.Ordinal))
                    continue;
                if (first == 0)
                    first = Stopwatch.GetElapsedTime(started).TotalSeconds;
                if (line.Contains("\"completion_tokens\":", StringComparison.Ordinal))
                    usage = line;
                last = line;
            }

            return !response.IsSuccessStatusCode ? new Answered(first, $"status {(int)response.StatusCode}")
                : last != "data: [DONE]" ? new Answered(first, last ?? "no event")
                : usage?.Contains($"\"completion_tokens\":{most}", StringComparison.Ordinal) == true ? new Answered(first, null)
                : new Answered(first, $"fewer tokens: {usage}");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new Answered(first, exception.Message);
        }
    }

    private async Task<Answered> ClientAsync(IMeridianClient client, int[] prompt, int most)
    {
        var started = Stopwatch.GetTimestamp();
        var first = 0.0;
        try
        {
            var input = new GenerationInput
            {
                Prompts = [new PromptInput { TokenIds = prompt }],
                MaxTokens = most,
                Sampling = new SamplingInput { Temperature = 0, Seed = 1 },
                IgnoreEndOfText = true,
            };
            await using var stream = await client.OpenAsync(input, model.Name);
            var count = 0L;
            while (await stream.ReadAsync() is { } frame)
            {
                if (first == 0)
                    first = Stopwatch.GetElapsedTime(started).TotalSeconds;
                count = frame.Next;
            }

            return new Answered(first, count == most ? null : $"{count} tokens instead of {most}");
        }
        catch (Exception exception)
        {
            return new Answered(first, exception.Message);
        }
    }

    private static IHost ClientOf(Installation installation)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddMeridian(options => options.Regions.Add(new MeridianRegionOptions { Name = Region, Gateways = [$"127.0.0.1:{installation.GatewayPort(Region)}"] }));
        return builder.Build();
    }

    private static string[] Row(string name, Outcome outcome) =>
    [
        name,
        outcome.First.Length == 0 ? "" : Text(Percentiles.Median([.. outcome.First]), "0.0"),
        outcome.First.Length == 0 ? "" : Text(outcome.First.Max(), "0.0"),
        Text(outcome.PerSecond, "0.0"),
        outcome.Failures.Length.ToString(CultureInfo.InvariantCulture),
    ];

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <param name="FirstSeconds">Until the first token.</param>
    /// <param name="Failure">What went wrong, or null.</param>
    private sealed record Answered(double FirstSeconds, string? Failure);

    /// <param name="First">Seconds until the first token, of those that did not fail.</param>
    /// <param name="PerSecond">Tokens generated, from the first request to the last token.</param>
    /// <param name="Failures">What went wrong.</param>
    private sealed record Outcome(double[] First, double PerSecond, string[] Failures);
}
