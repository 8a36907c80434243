using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Meridian.Gateway.Explain;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Gateway.Tests.Residency;

public sealed class ExplainTests
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"model":"minilm","input":"hello"}""");

    [Fact]
    public async Task An_answer_explains_itself_where_asked()
    {
        await using var host = await GatewayHost.StartAsync();
        using var plain = await host.SendAsync(Body);
        Assert.False(plain.Headers.Contains(GatewayHeaders.Explain));

        using var response = await host.SendAsync(Body, (GatewayHeaders.Explain, "1"), (GatewayHeaders.Residency, "us"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var told = JsonNode.Parse(response.Header(GatewayHeaders.Explain))!;
        Assert.Equal(("front-door", "expected-completion", "route"), ((string)told["edge"]!, (string)told["policy"]!, (string)told["verdict"]!));
        Assert.Equal(["eastus"], told["order"]!.AsArray().Select(name => (string)name!));
        var (east, west) = (told["candidates"]![0]!, told["candidates"]![1]!);
        Assert.Equal(("eastus", "ready"), ((string)east["region"]!, (string)east["standing"]!));
        Assert.Equal(12.346, (double)east["facts"]!["round_trip_ms"]!);
        Assert.True((double)east["score"]! > 12);
        Assert.Equal(("westeurope", "forbidden", null), ((string)west["region"]!, (string)west["standing"]!, west["score"]));
        Assert.Contains("'eu'", (string)west["why"]!, StringComparison.Ordinal);
        Assert.Equal(["us"], told["boundary"]!["jurisdictions"]!.AsArray().Select(name => (string)name!));
        Assert.True((bool)told["boundary"]!["edge_permitted"]!);
        Assert.Equal(["tenant", "header", "geofence"], told["boundary"]!["parts"]!.AsArray().Select(part => (string)part!["rule"]!));
    }

    [Fact]
    public async Task A_refusal_explains_itself_too()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Edge.Respond = (_, _) => Task.FromResult(EdgeDouble.Refuse(RefusalCode.RegionLost, "All are lost."));
        using var lost = await host.SendAsync(Body, (GatewayHeaders.Explain, "1"));
        await lost.ErrorAsync(503, "region_unavailable");
        Assert.Equal("route", (string)JsonNode.Parse(lost.Header(GatewayHeaders.Explain))!["verdict"]!);

        using var forbidden = await host.SendAsync(Body, (GatewayHeaders.Explain, "1"), (GatewayHeaders.Residency, "mars"));
        await forbidden.ErrorAsync(403, "residency_unavailable");
        var told = JsonNode.Parse(forbidden.Header(GatewayHeaders.Explain))!;
        Assert.Equal("residency_unavailable", (string)told["verdict"]!);
        Assert.Equal(["forbidden", "forbidden"], told["candidates"]!.AsArray().Select(candidate => (string)candidate!["standing"]!));
        Assert.False((bool)told["boundary"]!["edge_permitted"]!);
    }

    [Theory]
    [InlineData(GatewayHeaders.Explain, "yes")]
    [InlineData(GatewayHeaders.Redirect, "maybe")]
    [InlineData(GatewayHeaders.Session, "")]
    [InlineData(GatewayHeaders.Session, "two words")]
    public async Task A_header_that_cannot_be_read_is_a_mistake(string name, string value)
    {
        await using var host = await GatewayHost.StartAsync();
        using var response = await host.SendAsync(Body, (name, value));
        await response.ErrorAsync(400, "invalid_header", name);
    }

    [Fact]
    public async Task The_admin_api_explains_a_request_that_nobody_sends()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Directory.Current = host.Directory.Current with
        {
            Intent = host.Directory.Current.Intent with { Tenants = [new TenantDeclaration { Name = "clinic", Residency = ["eu"] }] },
        };

        var told = JsonNode.Parse(await host.Client.GetStringAsync(new Uri("/admin/api/explain?model=minilm&tenant=clinic&residency=eu,us&address=192.0.2.1&tier=flex&affinity=talk", UriKind.Relative)))!;

        Assert.Equal("region_lost", (string)told["verdict"]!);
        Assert.Equal(["eu"], told["boundary"]!["jurisdictions"]!.AsArray().Select(name => (string)name!));
        var parts = told["boundary"]!["parts"]!;
        Assert.Contains("'clinic'", (string)parts[0]!["why"]!, StringComparison.Ordinal);
        Assert.Equal(["eu", "us"], parts[1]!["jurisdictions"]!.AsArray().Select(name => (string)name!));
        Assert.Contains("192.0.2.1", (string)parts[2]!["why"]!, StringComparison.Ordinal);
        Assert.Null(host.Edge.Last);
    }

    [Theory]
    [InlineData("", "missing_required_parameter", "model")]
    [InlineData("model=minilm&residency=EU", "invalid_value", "residency")]
    [InlineData("model=minilm&address=home", "invalid_value", "address")]
    [InlineData("model=minilm&tier=gold", "invalid_value", "tier")]
    [InlineData("model=minilm&tenant=a%20b", "invalid_value", "tenant")]
    public async Task The_admin_api_names_mistakes(string query, string code, string param)
    {
        await using var host = await GatewayHost.StartAsync();
        using var response = await host.Client.GetAsync(new Uri("/admin/api/explain?" + query, UriKind.Relative));
        await response.ErrorAsync(400, code, param);
    }

    [Theory]
    [InlineData(3, 100, false)]
    [InlineData(50, 400, true)]
    [InlineData(1000, 5, true)]
    [InlineData(1, 20_000, true)]
    public void A_header_is_short_and_says_what_it_leaves_out(int candidates, int length, bool truncated)
    {
        var report = new ExplainReport
        {
            Edge = "front-door",
            Policy = "nearest",
            Verdict = "route",
            Order = [.. Enumerable.Range(0, candidates).Select(i => $"region{i}")],
            Candidates = [.. Enumerable.Range(0, candidates).Select(i => new ExplainCandidate { Region = $"region{i}", Standing = "ready", Why = new string('ü', length / 6), Score = i })],
        };

        var header = ExplainHeader.Write(report);

        Assert.True(header.Length <= ExplainHeader.MaxLength);
        Assert.True(header.All(c => c is >= ' ' and <= '~'));
        var told = JsonNode.Parse(header)!;
        var kept = told["candidates"]!.AsArray().Count;
        Assert.Equal(truncated, told["truncated"] is not null);
        Assert.Equal(candidates - kept, (int?)told["truncated"] ?? 0);
        Assert.True(kept > 0 || length > ExplainHeader.MaxLength);
    }

    [Fact]
    public async Task Tier_and_affinity_travel_with_the_request()
    {
        await using var host = await GatewayHost.StartAsync();
        foreach (var (path, input) in ((string, string)[])[("/v1/embeddings", """ "model":"minilm","input":"a" """), ("/v1/completions", """ "model":"story","prompt":"a" """), ("/v1/chat/completions", """ "model":"story","messages":[{"role":"user","content":"a"}] """)])
        {
            using var flex = await host.PostAsync(path, Encoding.UTF8.GetBytes($$"""{{{input}},"service_tier":"flex","prompt_cache_key":"key"}"""));
            Assert.Equal(HttpStatusCode.OK, flex.StatusCode);
            Assert.Equal(("flex", "key"), (host.Edge.Last!.Tier, host.Edge.Last.Affinity));
            Assert.Equal(path == "/v1/chat/completions" ? "flex" : null, (string?)(await GatewayHost.JsonAsync(flex))["service_tier"]);

            using var plain = await host.PostAsync(path, Encoding.UTF8.GetBytes($$"""{{{input}},"service_tier":"priority","prompt_cache_key":"key"}"""), (GatewayHeaders.Session, "talk-1"));
            Assert.Equal((null, "talk-1"), (host.Edge.Last!.Tier, host.Edge.Last.Affinity));
            Assert.Equal(path == "/v1/chat/completions" ? "default" : null, (string?)(await GatewayHost.JsonAsync(plain))["service_tier"]);

            using var none = await host.PostAsync(path, Encoding.UTF8.GetBytes($$"""{{{input}}}"""));
            Assert.Equal((null, null, null), (host.Edge.Last!.Tier, host.Edge.Last.Affinity, (await GatewayHost.JsonAsync(none))["service_tier"]));

            using var wrong = await host.PostAsync(path, Encoding.UTF8.GetBytes($$"""{{{input}},"service_tier":"gold"}"""));
            await wrong.ErrorAsync(400, "invalid_value", "service_tier");
            using var longKey = await host.PostAsync(path, Encoding.UTF8.GetBytes($$"""{{{input}},"prompt_cache_key":"{{new string('k', 1025)}}"}"""));
            await longKey.ErrorAsync(400, "invalid_value", "prompt_cache_key");
        }
    }

    [Fact]
    public async Task Every_chunk_of_a_chat_names_the_tier_it_was_served_as()
    {
        await using var host = await GatewayHost.StartAsync();
        using var response = await host.ChatAsync("""{"model":"story","messages":[{"role":"user","content":"a"}],"stream":true,"service_tier":"flex"}""");
        Assert.All((await response.EventsAsync()).Chunks(), chunk => Assert.Equal("flex", (string)chunk["service_tier"]!));
    }
}
