using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Cluster.Tests.Failover;

/// <summary>Data that is bound to Europe, at real processes: who receives it, and what its caller is told once Europe is down.</summary>
[Collection(FiveProcessesCollection.Name)]
public sealed class SovereigntyTests(FiveProcesses processes) : IDisposable
{
    // A chain of redirects would hide which edge received what.
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(30) };

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task What_is_bound_to_a_region_that_is_down_goes_nowhere_else()
    {
        var installation = processes.Installation;
        var (anywhere, _) = await processes.WholeAsync();
        var (_, american) = installation.StartFrontDoor("american", ("Meridian:FrontDoor:Jurisdiction", "us"));
        Edge[] edges = [anywhere, american, installation.Facade("eastus")];
        foreach (var edge in edges)
        {
            await installation.SeesAsync(edge, "minilm", "eastus", "westeurope");
        }

        // The front door without a law of its own passes it on; the two under American law send their callers to Europe, whatever binds the data.
        foreach (var (name, value) in ((string, string)[])[("x-meridian-residency", "eu"), ("x-meridian-tenant", "clinic")])
        {
            using var passed = await SendAsync(anywhere, name, value);
            Assert.Equal((HttpStatusCode.OK, "westeurope"), (passed.StatusCode, Header(passed, "x-meridian-region")));
            foreach (var edge in edges[1..])
            {
                using var sent = await SendAsync(edge, name, value);
                Assert.Equal((HttpStatusCode.TemporaryRedirect, "outside_boundary"), (sent.StatusCode, Header(sent, "x-meridian-redirect-reason")));
                using var followed = await SendAsync(sent.Headers.Location!, name, value);
                Assert.Equal((HttpStatusCode.OK, "westeurope"), (followed.StatusCode, Header(followed, "x-meridian-region")));
            }
        }

        using var unbound = await SendAsync(american, "x-meridian-explain", "1");
        Assert.Equal(HttpStatusCode.OK, unbound.StatusCode);
        Assert.Equal("route", JsonDocument.Parse(Header(unbound, "x-meridian-explain")).RootElement.GetProperty("verdict").GetString());

        await installation.KillAsync("westeurope");

        foreach (var edge in edges)
        {
            await Eventually.HoldsAsync(
                async token => (await edge.RegionsAsync(token)).Any(region => region.Name == "westeurope" && region.Status == "dead"),
                $"{edge.Address} to see westeurope dead",
                TimeSpan.FromSeconds(20),
                installation.Tails);
            foreach (var (name, value) in ((string, string)[])[("x-meridian-residency", "eu"), ("x-meridian-tenant", "clinic")])
            {
                using var refused = await SendAsync(edge, name, value);
                var body = await refused.Content.ReadAsStringAsync();
                Assert.True(refused.StatusCode == HttpStatusCode.ServiceUnavailable, $"{edge.Address} answered {(int)refused.StatusCode}: {body}");
                Assert.Equal("residency_unavailable", JsonDocument.Parse(body).RootElement.GetProperty("error").GetProperty("code").GetString());
            }

            Assert.NotEmpty((await edge.EmbedAsync("minilm", ["unbound"])).Vectors);
        }

        await installation.KillAsync("american");
    }

    private Task<HttpResponseMessage> SendAsync(Edge edge, string header, string value) => SendAsync(new Uri(edge.Address, "v1/embeddings"), header, value);

    private async Task<HttpResponseMessage> SendAsync(Uri address, string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = JsonContent.Create(new { model = "minilm", input = "the secret" }) };
        request.Headers.Add(header, value);
        return await _http.SendAsync(request);
    }

    private static string Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : "";
}
