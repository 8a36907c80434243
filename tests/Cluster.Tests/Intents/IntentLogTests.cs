using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Cluster.Tests.Intents;

[Collection(FiveProcessesCollection.Name)]
public sealed class IntentLogTests(FiveProcesses processes)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task What_operators_changed_through_any_region_is_everywhere_and_outlives_the_death_of_all()
    {
        var installation = processes.Installation;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };
        var (frontDoor, _) = await processes.WholeAsync();
        await AgreeAsync(installation, http, log => (bool)log["can_change"]! && Names(log).Contains("installation/seed"));

        // Through every region, the front door learning of it without being told.
        foreach (var region in installation.Regions)
            await PutAsync(installation, http, region, $"tenant/of-{region}", $$"""{"residency":["eu","{{region}}"]}""");
        await AgreeAsync(installation, http, log => installation.Regions.All(region => Names(log).Contains($"tenant/of-{region}")));
        await PutAsync(installation, http, "eastus", "model/announced", """{"kind":"embedding","owned_by":"operators"}""");
        await Eventually.HoldsAsync(
            async token => (await http.GetStringAsync(new Uri(frontDoor.Address, "v1/models"), token)).Contains("\"announced\"", StringComparison.Ordinal),
            "the front door to list the announced model", Limit, installation.Tails);

        foreach (var region in installation.Regions)
            await installation.KillAsync(region);
        foreach (var region in installation.Regions.Reverse())
            installation.StartRegion(region);

        await AgreeAsync(installation, http, log => (bool)log["can_change"]! && Names(log).Contains("model/announced"));
        foreach (var region in installation.Regions)
            await PutAsync(installation, http, region, $"tenant/of-{region}", """{"residency":[]}""");
        await AgreeAsync(installation, http, log => installation.Regions.All(region => Find(log, "tenant", $"of-{region}")["residency"]!.AsArray().Count == 0));
    }

    [Fact]
    public async Task A_region_that_is_alone_serves_on_and_refuses_changes()
    {
        var installation = processes.Installation;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(30) };
        await processes.WholeAsync();
        await AgreeAsync(installation, http, log => (bool)log["can_change"]! && Names(log).Contains("installation/seed"));
        await installation.SeesAsync(installation.Facade("eastus"), "minilm", "eastus");
        await installation.KillAsync("westeurope");
        await installation.KillAsync("southeastasia");

        using var refused = await SendAsync(installation, http, HttpMethod.Put, "eastus", "tenant/late", "{}");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("no_quorum", (string)JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!["code"]!);
        await installation.Facade("eastus").EmbedAsync("minilm", ["all is well here"]);

        // A second region makes a majority; whether the late change was made is known then, and the same everywhere.
        installation.StartRegion("westeurope");
        await Eventually.HoldsAsync(
            async token =>
            {
                var (one, other) = (await LogAsync(installation, http, "eastus", token), await LogAsync(installation, http, "westeurope", token));
                return (bool)one["can_change"]! && (long)one["applied_index"]! == (long)other["applied_index"]! && (string)one["hash"]! == (string)other["hash"]!;
            },
            "two regions to agree", Limit, installation.Tails);
        await PutAsync(installation, http, "westeurope", "tenant/after", "{}");
    }

    /// <summary>Waits until all regions have the same copy and it is as wanted.</summary>
    private static Task AgreeAsync(Installation installation, HttpClient http, Func<JsonNode, bool> wanted) => Eventually.HoldsAsync(
        async token =>
        {
            var logs = await Task.WhenAll(installation.Regions.Select(region => LogAsync(installation, http, region, token)));
            return logs.All(wanted) && logs.Select(log => ((long)log["applied_index"]!, (string)log["hash"]!)).Distinct().Count() == 1;
        },
        "the regions to agree", Limit, installation.Tails);

    private static async Task<JsonNode> LogAsync(Installation installation, HttpClient http, string region, CancellationToken token) =>
        JsonNode.Parse(await http.GetStringAsync(new Uri(installation.Facade(region).Address, "admin/api/directory"), token))!;

    private static async Task PutAsync(Installation installation, HttpClient http, string region, string record, string body)
    {
        using var response = await SendAsync(installation, http, HttpMethod.Put, region, record, body);
        Assert.True(response.IsSuccessStatusCode, $"{region} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}\n{installation.Tails()}");
    }

    private static async Task<HttpResponseMessage> SendAsync(Installation installation, HttpClient http, HttpMethod method, string region, string record, string body)
    {
        using var request = new HttpRequestMessage(method, new Uri(installation.Facade(region).Address, $"admin/api/directory/{record}"))
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        return await http.SendAsync(request);
    }

    private static IEnumerable<string> Names(JsonNode log) => log["records"]!.AsArray().Select(record => $"{record!["kind"]}/{record["name"]}");

    private static JsonNode Find(JsonNode log, string kind, string name) =>
        log["records"]!.AsArray().Single(record => (string)record!["kind"]! == kind && (string)record["name"]! == name)!["value"]!;
}
