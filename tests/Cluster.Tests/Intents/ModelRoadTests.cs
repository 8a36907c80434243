using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Llama;

namespace Meridian.Cluster.Tests.Intents;

/// <summary>
/// One model from its first record to its removal, over three real regions and through the admin API alone: added, deployed, given another version, split between two,
/// given another limit, policy and engine setting, and removed. Requests run all the time and none may fail.
/// </summary>
[Collection(FiveProcessesCollection.Name)]
public sealed class ModelRoadTests(FiveProcesses processes, ITestOutputHelper output) : IDisposable
{
    private const string Model = "road";
    private const int Keys = 2000;
    private const int Callers = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(60) };

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task A_model_goes_the_whole_road_while_requests_run()
    {
        var installation = processes.Installation;
        var (door, other) = await processes.WholeAsync();
        using var folders = new TemporaryDirectory();
        var (first, firstManifest) = await InstallAsync(installation, folders.Path, seed: 1, "v1");
        var (second, secondManifest) = await InstallAsync(installation, folders.Path, seed: 2, "v2");
        var versions = $$"""[{"name":"{{first}}","variants":[{"name":"fp32","manifest":"{{firstManifest}}"}]},{"name":"{{second}}","variants":[{"name":"fp32","manifest":"{{secondManifest}}"}]}]""";

        await PutAsync("eastus", $"deployment/{Model}?pending=true", $$"""{"regions":["eastus","westeurope"],"version":"{{first}}"}""");
        await PutAsync("eastus", $"model/{Model}", $$"""{"kind":"generation","owned_by":"tests","versions":{{versions}}}""");
        await ServesAsync("added", door, answer => answer.Version == first);
        await ServesAsync("added, seen by another edge", other, answer => answer.Version == first);
        Assert.DoesNotContain((await installation.Facade("eastus").RegionsAsync(default)).Single(r => r.Name == "southeastasia").Models, m => m.Name == Model);

        await using (var load = new Load(this, door, other))
        {
            await PutAsync("westeurope", $"deployment/{Model}", $$"""{"regions":["eastus","westeurope"],"version":"{{second}}"}""");
            await ServesAsync("another version", door, answer => answer.Version == second);
            await EverywhereAsync("the former version to be unloaded", m => m.Version != first);

            await PutAsync("southeastasia", $"deployment/{Model}", Split(first, 70, second, 30));
            await EverywhereAsync("both versions", m => m.Version == first && m.Ready == 1);
            var split = await VersionsAsync(door);
            Assert.Equal(split, await VersionsAsync(other));
            var share = split.Count(version => version == second);
            Assert.InRange(share, (0.3 * Keys) - (3 * Math.Sqrt(Keys * 0.21)), (0.3 * Keys) + (3 * Math.Sqrt(Keys * 0.21)));

            await PutAsync("eastus", $"deployment/{Model}", Split(first, 60, second, 40));
            var moved = Array.FindIndex(await VersionsUntilAsync(other, versions => versions.Count(v => v == second) > share), 0, v => v == second);
            var raised = await VersionsAsync(door);
            Assert.True(moved >= 0);
            Assert.All(Enumerable.Range(0, Keys), key => Assert.True(raised[key] == split[key] || raised[key] == second, $"Key {key} moved from {split[key]} to {raised[key]}."));
            output.WriteLine($"{second}: {share} of {Keys} keys at 30, {raised.Count(v => v == second)} at 40");

            // A version whose files no store has: the versions that serve go on, and the regions say what is missing.
            var missing = new string('0', 64);
            var withMissing = $"[{{\"name\":\"v3@0\",\"variants\":[{{\"name\":\"fp32\",\"manifest\":\"{missing}\"}}]}},{versions[1..]}";
            await PutAsync("eastus", $"model/{Model}", $$"""{"kind":"generation","owned_by":"tests","versions":{{withMissing}}}""");
            await PutAsync("eastus", $"deployment/{Model}", """{"regions":["eastus","westeurope"],"version":"v3@0"}""");
            await EverywhereAsync("the missing files to be named", m => m.Problem?.StartsWith($"files missing: {missing}", StringComparison.Ordinal) == true);
            await PutAsync("eastus", $"deployment/{Model}", Split(first, 60, second, 40));

            // One of the two regions is down during the next change, and the region that takes it is killed as soon as it has answered. The third one alone is no
            // majority, so it cannot know yet that the change was made; nothing may be lost when the others come back.
            await installation.KillAsync("westeurope");
            await PutAsync("southeastasia", $"model/{Model}", $$"""{"kind":"generation","owned_by":"tests","versions":{{versions}},"engine":{"max_sequences":5},"limits":{"max_output_tokens":2},"routing":{"policy":"least-load"} }""");
            await installation.KillAsync("southeastasia");
            installation.StartRegion("westeurope");
            installation.StartRegion("southeastasia");
            await ServesAsync("a limit", door, answer => answer.Status == HttpStatusCode.BadRequest, tokens: 3);
            await processes.WholeAsync();
            await EverywhereAsync("both versions after the restart", m => m.Version == second && m.Ready == 1);
            await Eventually.HoldsAsync(
                _ => Task.FromResult(new[] { "eastus", "westeurope" }.All(region => installation.AllLines.Count(line => line.StartsWith(region, StringComparison.Ordinal) && line.Contains($"Loaded {Model}/", StringComparison.Ordinal) && line.Contains(" 5 sequences", StringComparison.Ordinal)) >= 2)),
                "new engine settings in both regions and both versions", Limit, installation.Tails);
            var explained = JsonNode.Parse(await _http.GetStringAsync(new Uri(door.Address, $"admin/api/explain?model={Model}")))!;
            Assert.Equal("least-load", (string)explained["policy"]!);

            var failed = await load.StopAsync();
            output.WriteLine($"{load.Sent} requests, {failed.Count} failed");
            Assert.Empty(failed);
        }

        using var removed = await _http.DeleteAsync(new Uri(installation.Facade("eastus").Address, $"admin/api/directory/model/{Model}"));
        Assert.Equal(HttpStatusCode.OK, removed.StatusCode);
        await ServesAsync("removed", door, answer => answer.Status == HttpStatusCode.NotFound);
        await EverywhereAsync("no region to have it", _ => false, none: true);
        Assert.DoesNotContain("\"" + Model, await _http.GetStringAsync(new Uri(installation.Facade("westeurope").Address, "admin/api/directory")), StringComparison.Ordinal);
    }

    private static string Split(string first, int firstWeight, string second, int secondWeight) =>
        $$"""{"regions":["eastus","westeurope"],"weights":[{"version":"{{first}}","weight":{{firstWeight}}},{"version":"{{second}}","weight":{{secondWeight}}}]}""";

    /// <summary>Puts a made model into the stores of all regions, as an operator puts files there before the model is added.</summary>
    private static async Task<(string Version, string Manifest)> InstallAsync(Installation installation, string folders, int seed, string label)
    {
        var folder = Path.Combine(folders, label);
        LlamaFolder.Make(folder, LlamaFolder.Configure(layers: 2, hidden: 64, heads: 4, kvHeads: 2, intermediate: 160, vocabulary: 384, context: 512), seed, KvLayout.Shared);
        var add = installation.Command("store add", "store", "add", folder, "--name", Model, "--label", label);
        await add.ExitAsync(Limit);
        var told = string.Join('\n', add.Lines);
        return (Regex.Match(told, $"{Model}/({label}@[0-9a-f]+)/").Groups[1].Value, Regex.Match(told, "\"manifest\":\"([0-9a-f]{64})\"").Groups[1].Value);
    }

    private async Task PutAsync(string region, string record, string body)
    {
        var watch = Stopwatch.StartNew();
        using var response = await _http.PutAsJsonAsync(new Uri(processes.Installation.Facade(region).Address, $"admin/api/directory/{record}"), JsonNode.Parse(body));
        Assert.True(response.IsSuccessStatusCode, $"{region} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        output.WriteLine($"{record}: taken by {region} after {watch.ElapsedMilliseconds} ms");
    }

    private async Task ServesAsync(string what, Edge edge, Func<Answer, bool> wanted, int tokens = 1)
    {
        var watch = Stopwatch.StartNew();
        Answer? last = null;
        await Eventually.HoldsAsync(async token => wanted(last = await AskAsync(edge, "anyone", token, tokens)), what, Limit, () => $"{last}\n{processes.Installation.Tails()}");
        output.WriteLine($"{what}: {watch.ElapsedMilliseconds} ms after the answer");
    }

    /// <summary>Waits until both regions of the deployment report a fitting version, or until none reports the model.</summary>
    private Task EverywhereAsync(string what, Func<ModelReport, bool> wanted, bool none = false) => Eventually.HoldsAsync(
        async token => (await processes.Installation.Facade("eastus").RegionsAsync(token)).Where(r => r.Name is "eastus" or "westeurope").All(r =>
            none ? r.Models.All(m => m.Name != Model) : what.Contains("unloaded", StringComparison.Ordinal) ? r.Models.Where(m => m.Name == Model).All(wanted) : r.Models.Any(m => m.Name == Model && wanted(m))),
        what, Limit, processes.Installation.Tails);

    private async Task<string[]> VersionsUntilAsync(Edge edge, Func<string[], bool> wanted)
    {
        var versions = await VersionsAsync(edge);
        await Eventually.HoldsAsync(async _ => wanted(versions) || wanted(versions = await VersionsAsync(edge)), "the weights to change", Limit);
        return versions;
    }

    /// <summary>The version that each of the keys gets.</summary>
    private async Task<string[]> VersionsAsync(Edge edge)
    {
        var versions = new string[Keys];
        await Parallel.ForEachAsync(Enumerable.Range(0, Keys), new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (key, token) =>
        {
            var answer = await AskAsync(edge, $"caller-{key}", token);
            Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
            versions[key] = answer.Version!;
        });
        return versions;
    }

    private async Task<Answer> AskAsync(Edge edge, string user, CancellationToken token, int tokens = 1)
    {
        using var response = await _http.PostAsJsonAsync(new Uri(edge.Address, "v1/completions"), new { model = Model, prompt = "a", max_tokens = tokens, user }, token);
        var version = response.Headers.TryGetValues("x-meridian-model-version", out var versions) ? versions.Single() : null;
        return new Answer(response.StatusCode, version, response.IsSuccessStatusCode ? null : await response.Content.ReadAsStringAsync(token));
    }

    private sealed record Answer(HttpStatusCode Status, string? Version, string? Error);

    /// <summary>Sends requests through both edges, one after another at each, and collects those that fail.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ConcurrentQueue<string> _failed = new();
        private readonly Task _loops;
        private int _sent;

        public Load(ModelRoadTests test, params Edge[] edges) => _loops = Task.WhenAll(edges.Select(edge => Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                var number = Interlocked.Increment(ref _sent);
                var answer = await test.AskAsync(edge, $"load-{number}", CancellationToken.None);
                if (answer.Status != HttpStatusCode.OK) _failed.Enqueue($"{edge.Address} {number}: {answer}");
            }
        })));

        public int Sent => _sent;

        public async Task<IReadOnlyCollection<string>> StopAsync()
        {
            await _stop.CancelAsync();
            await _loops;
            return _failed;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _stop.Dispose();
        }
    }
}
