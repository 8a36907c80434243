using System.Net;
using System.Net.Sockets;
using System.Text;
using Meridian.Cluster.Tests.Harness;
using Meridian.Federation.Residency;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Routing.Snapshots;

namespace Meridian.Gateway.Tests.Residency;

/// <summary>An edge outside of a request's boundary does not receive it.</summary>
public sealed class BorderTests
{
    private const string Body = """{"model":"minilm","input":"the secret"}""";

    [Fact]
    public async Task A_body_that_was_held_back_is_never_sent()
    {
        await using var host = await AmericanAsync(new Uri("http://eu.example:8082"));
        using var socket = new TcpClient();
        await socket.ConnectAsync(host.Address.Host, host.Address.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/embeddings?x=1 HTTP/1.1\r\nhost: localhost\r\nx-meridian-residency: eu\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: {Body.Length}\r\n\r\n"));

        // The whole answer: the server closes, since what follows could not be told from the body. It waits for the body, if only to throw it away, so the caller says that none comes.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var buffer = new byte[4096];
        var answer = "";
        while (!answer.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, limit.Token);
            Assert.NotEqual(0, read);
            answer += Encoding.ASCII.GetString(buffer, 0, read);
        }

        socket.Client.Shutdown(SocketShutdown.Send);
        var after = 0;
        try
        {
            after = await stream.ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: false, limit.Token);
        }
        catch (IOException)
        {
            // Reset: as good an end.
        }

        Assert.Equal(0, after);

        Assert.StartsWith("HTTP/1.1 307", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("100 Continue", answer, StringComparison.Ordinal);
        Assert.Contains("Location: http://eu.example:8082/v1/embeddings?x=1\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("x-meridian-redirect-reason: outside_boundary\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Null(host.Edge.Last);
        Assert.Empty(host.Log.Entries);
    }

    [Fact]
    public async Task A_body_that_may_come_is_asked_for()
    {
        await using var host = await AmericanAsync(new Uri("http://eu.example:8082"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/embeddings") { Content = new StringContent(Body, Encoding.UTF8, "application/json") };
        request.Headers.ExpectContinue = true;
        request.Headers.Add(GatewayHeaders.Residency, "us,eu");
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["us", "eu"], host.Edge.Last!.Residency!);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_NET_client_follows_with_its_body(bool expects)
    {
        await using var europe = await GatewayHost.StartAsync();
        await using var host = await AmericanAsync(europe.Address);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/embeddings") { Content = new StringContent(Body, Encoding.UTF8, "application/json") };
        request.Headers.ExpectContinue = expects;
        request.Headers.Add(GatewayHeaders.Residency, "eu");

        using var response = await host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Null(host.Edge.Last);
        Assert.Equal(["the secret"], europe.Edge.LastInput.Texts!);
        Assert.Equal(["eu"], europe.Edge.Last!.Residency!);
    }

    [Fact]
    public async Task The_npm_client_follows_with_its_body()
    {
        if (!TestTools.TryNode("openai", out var node, out var reason))
        {
            Assert.Skip(reason);
        }

        await using var europe = await GatewayHost.StartAsync();
        await using var host = await AmericanAsync(europe.Address);
        await using var client = ChildProcess.Start(
            "openai-redirect.mjs",
            node,
            [Path.Combine(Repository.Root, "tests", "tools", "openai-redirect.mjs"), new Uri(host.Address, "v1").ToString(), "story"],
            [KeyValuePair.Create("MERIDIAN_TEST_TOOLS", TestTools.NpmFolder)]);
        await client.ExitAsync(TimeSpan.FromSeconds(60));

        Assert.True(client.ExitCode == 0, client.Tail(200));
        Assert.Null(host.Edge.Last);
        Assert.Equal("Where does this go?", europe.Edge.LastGeneration.Prompts[0].Messages![0].Content);
    }

    [Fact]
    public async Task Who_follows_no_redirects_is_told_where_to_go()
    {
        await using var host = await AmericanAsync(new Uri("http://eu.example:8082"));
        using var response = await host.SendAsync(Encoding.UTF8.GetBytes(Body), (GatewayHeaders.Residency, "eu"), (GatewayHeaders.Redirect, "no"));
        var error = await response.ErrorAsync(403, "residency_unavailable");
        Assert.Contains("westeurope at http://eu.example:8082", (string)error["message"]!, StringComparison.Ordinal);
        Assert.Equal("residency_unavailable", response.Header(GatewayHeaders.RedirectReason));
        Assert.Equal("false", response.Header(GatewayHeaders.ShouldRetry));
        Assert.Null(host.Edge.Last);
    }

    [Fact]
    public async Task Where_no_permitted_region_is_alive_the_caller_may_come_back()
    {
        await using var host = await AmericanAsync(new Uri("http://eu.example:8082"), RegionHealth.Dead);
        using var response = await host.SendAsync(Encoding.UTF8.GetBytes(Body), (GatewayHeaders.Residency, "eu"));
        await response.ErrorAsync(503, "residency_unavailable");
        Assert.Equal("true", response.Header(GatewayHeaders.ShouldRetry));
        Assert.Null(host.Edge.Last);
    }

    [Fact]
    public async Task Where_no_region_at_all_is_permitted_nothing_is_read()
    {
        await using var host = await GatewayHost.StartAsync();
        foreach (var path in (string[])["/v1/embeddings", "/v1/chat/completions", "/v1/completions", "/tokenize", "/detokenize"])
        {
            using var response = await host.PostAsync(path, Encoding.UTF8.GetBytes("not even JSON"), (GatewayHeaders.Residency, "mars"));
            await response.ErrorAsync(403, "residency_unavailable");
        }

        Assert.Null(host.Edge.Last);
    }

    [Fact]
    public async Task A_regions_facade_goes_by_its_region()
    {
        await using var host = await GatewayHost.StartAsync();
        var snapshot = DirectoryDouble.Snapshot(
            DirectoryDouble.Region("eastus", RegionHealth.Alive, DirectoryDouble.Model("minilm", 1)), DirectoryDouble.Region("westeurope", RegionHealth.Alive));
        host.Directory.Current = snapshot with { OwnRegion = "eastus" };
        using var foreign = await Still(host).SendAsync(Post("eu"));
        Assert.Equal(HttpStatusCode.TemporaryRedirect, foreign.StatusCode);
        Assert.Equal(new Uri("http://127.0.0.1:8082/v1/embeddings"), foreign.Headers.Location);
        using var own = await Still(host).SendAsync(Post("us"));
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Fact]
    public async Task The_network_of_the_caller_binds()
    {
        await using var host = await GatewayHost.StartAsync(services: services => services.AddMeridianResidency(options =>
        {
            options.Jurisdiction = "us";
            options.Geofence = new GeofenceOptions
            {
                Networks = [new() { Cidr = "192.0.2.0/24", Country = "DE" }, new() { Cidr = "198.51.100.0/24", Country = "US" }],
                Countries = new() { ["DE"] = new() { Jurisdictions = ["eu"] }, ["US"] = new() { Regions = ["eastus"] } },
                Unknown = "refuse",
                TrustedProxies = ["127.0.0.0/8"],
            };
        }));
        var directory = host.Directory.Current;
        host.Directory.Current = directory with { Views = DirectoryDouble.Snapshot(DirectoryDouble.Region("eastus", RegionHealth.Alive), DirectoryDouble.Region("westeurope", RegionHealth.Alive)).Views };

        using var german = await Still(host).SendAsync(Post(null, "192.0.2.9"));
        Assert.Equal(HttpStatusCode.TemporaryRedirect, german.StatusCode);
        using var nobody = await Still(host).SendAsync(Post(null, "203.0.113.1"));
        await nobody.ErrorAsync(403, "residency_unavailable");
        Assert.Null(host.Edge.Last);
        using var american = await Still(host).SendAsync(Post(null, "198.51.100.1"));
        Assert.Equal(HttpStatusCode.OK, american.StatusCode);
        Assert.Equal((null, "eastus"), (host.Edge.Last!.Residency, Assert.Single(host.Edge.Last.PermittedRegions!)));
    }

    [Fact]
    public async Task A_tenant_is_taken_from_a_header_only_where_that_is_set()
    {
        await using var strict = await GatewayHost.StartAsync();
        using var refused = await strict.SendAsync(Encoding.UTF8.GetBytes(Body), (GatewayHeaders.Tenant, "clinic"));
        await refused.ErrorAsync(400, "invalid_header", GatewayHeaders.Tenant);
        Assert.Null(strict.Edge.Last);

        await using var trusting = await GatewayHost.StartAsync(options => options.TrustTenantHeader = true);
        Bind(trusting);
        using var taken = await trusting.SendAsync(Encoding.UTF8.GetBytes(Body), (GatewayHeaders.Tenant, "clinic"), (GatewayHeaders.Residency, "eu,us"));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal(("clinic", "eu"), (trusting.Edge.Last!.Tenant, Assert.Single(trusting.Edge.Last.Residency!)));
        using var strange = await trusting.SendAsync(Encoding.UTF8.GetBytes(Body), (GatewayHeaders.Tenant, "a b"));
        await strange.ErrorAsync(400, "invalid_header", GatewayHeaders.Tenant);
        using var wider = await trusting.SendAsync(Encoding.UTF8.GetBytes(Body), (GatewayHeaders.Tenant, "clinic"), (GatewayHeaders.Residency, "us"));
        await wider.ErrorAsync(403, "residency_unavailable");
    }

    [Fact]
    public async Task An_edge_that_knows_no_tenants_yet_takes_nothing_where_its_law_counts()
    {
        await using var host = await AmericanAsync(new Uri("http://eu.example:8082"));
        host.Directory.Current = host.Directory.Current with { Intent = Intent.Empty };
        using var response = await host.SendAsync(Encoding.UTF8.GetBytes(Body));
        await response.ErrorAsync(503, "region_unavailable");
        Assert.Null(host.Edge.Last);
    }

    [Fact]
    public async Task Mistakes_of_the_geofence_are_reported_at_start()
    {
        var mistakes = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => GatewayHost.StartAsync(services: services => services.AddMeridianResidency(options =>
        {
            options.Geofence.Unknown = "EVERYONE";
            options.Geofence.TrustedProxies.Add("proxy");
        })));
        Assert.Contains("Geofence:Unknown = 'EVERYONE'", mistakes.Message, StringComparison.Ordinal);
        Assert.Contains("Geofence:TrustedProxies:0 = 'proxy'", mistakes.Message, StringComparison.Ordinal);
    }

    private static void Bind(GatewayHost host) => host.Directory.Current = host.Directory.Current with
    {
        Intent = host.Directory.Current.Intent with { Tenants = [new TenantDeclaration { Name = "clinic", Residency = ["eu"] }] },
    };

    /// <summary>A front door under the law of the United States, beside a European region.</summary>
    private static async Task<GatewayHost> AmericanAsync(Uri facade, RegionHealth europe = RegionHealth.Alive)
    {
        var host = await GatewayHost.StartAsync(services: services => services.AddMeridianResidency(options => options.Jurisdiction = "us"));
        var snapshot = DirectoryDouble.Snapshot(DirectoryDouble.Region("eastus", RegionHealth.Alive, DirectoryDouble.Model("minilm", 1)), DirectoryDouble.Region("westeurope", europe));
        host.Directory.Current = snapshot with
        {
            Intent = snapshot.Intent with { Regions = [.. snapshot.Intent.Regions.Select(region => region.Name == "westeurope" ? region with { Facade = facade } : region)] },
        };
        return host;
    }

    private static HttpClient Still(GatewayHost host) => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = host.Address };

    private static HttpRequestMessage Post(string? residency, string? forwardedFor = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/embeddings") { Content = new StringContent(Body, Encoding.UTF8, "application/json") };
        if (residency is not null)
        {
            request.Headers.Add(GatewayHeaders.Residency, residency);
        }

        if (forwardedFor is not null)
        {
            request.Headers.Add("x-forwarded-for", forwardedFor);
        }

        return request;
    }
}
