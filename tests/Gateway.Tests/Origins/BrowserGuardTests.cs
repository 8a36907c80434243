using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Meridian.Gateway.Admin.Draining;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Tests.Origins;

/// <summary>What a web page can make a browser send, and what programs send, over real sockets.</summary>
public sealed class BrowserGuardTests(BrowserGuardTests.Fixture fixture) : IClassFixture<BrowserGuardTests.Fixture>
{
    private const string Chat = """{"model":"minilm","messages":[{"role":"user","content":"x"}]}""";
    private const string Completion = """{"model":"minilm","prompt":"x"}""";
    private const string Embedding = """{"model":"minilm","input":"x"}""";
    private const string Drain = """{"scope":"region"}""";

    /// <summary>Method, path and body of everything that changes or computes something.</summary>
    public static TheoryData<string, string, string?> Acting => new()
    {
        { "POST", "/v1/chat/completions", Chat },
        { "POST", "/v1/completions", Completion },
        { "POST", "/v1/embeddings", Embedding },
        { "POST", "/tokenize", Completion },
        { "POST", "/detokenize", """{"model":"minilm","tokens":[1]}""" },
        { "POST", "/admin/api/drain", Drain },
        { "DELETE", "/admin/api/drain", null },
        { "PUT", "/admin/api/models/minilm/replicas", """{"replicas":1}""" },
        { "PUT", "/admin/api/directory/policy/minilm", """{"routing":"nearest"}""" },
        { "DELETE", "/admin/api/directory/policy/minilm", null },
        { "PUT", "/admin/api/directory/voters/arbiter", """{"address":"127.0.0.1:1"}""" },
        { "DELETE", "/admin/api/directory/voters/arbiter", null },
    };

    public static TheoryData<string> AdminReads => ["/admin/api/regions", "/admin/api/drain", "/admin/api/directory", "/admin/api/explain?model=minilm", "/admin/api/models/minilm/replicas"];

    public static TheoryData<string> Reads => ["/", "/docs", "/openapi/v1.json", "/v1/models", "/v1/models/minilm", "/healthz", "/readyz", "/admin/api/regions", "/nothing"];

    [Theory, MemberData(nameof(Acting))]
    public async Task A_foreign_page_is_refused_whatever_it_pretends(string method, string path, string? body)
    {
        await RefusedAsync(403, "forbidden_origin", method, path, body, ("origin", "https://evil.example"));
        await RefusedAsync(403, "forbidden_origin", method, path, body, ("origin", "null"));
        await RefusedAsync(403, "forbidden_origin", method, path, body, ("origin", $"http://127.0.0.1:{fixture.Host.Address.Port + 1}"), ("sec-fetch-site", "same-site"));
        await RefusedAsync(403, "forbidden_origin", method, path, body, ("sec-fetch-site", "cross-site"));
        await RefusedAsync(421, "misdirected_request", method, path, body, ("host", $"rebind.evil.example:{fixture.Host.Address.Port}"), ("origin", $"http://rebind.evil.example:{fixture.Host.Address.Port}"), ("sec-fetch-site", "same-origin"));
    }

    [Theory, MemberData(nameof(Acting))]
    public async Task A_body_that_a_page_can_send_without_asking_is_refused(string method, string path, string? body)
    {
        if (body is null) return;
        foreach (var type in new[] { "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain; charset=application/json", null })
        {
            using var request = Request(method, path, body);
            request.Content!.Headers.Remove("content-type");
            if (type is not null) request.Content.Headers.TryAddWithoutValidation("content-type", type);
            using var response = await fixture.Host.Client.SendAsync(request);
            var error = await response.ErrorAsync(415, "unsupported_media_type", "content-type");
            Assert.Contains("application/json", (string)error["message"]!, StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(Acting))]
    public async Task Programs_and_our_own_pages_are_let_in(string method, string path, string? body)
    {
        var own = fixture.Host.Address.GetLeftPart(UriPartial.Authority);
        foreach (var headers in new (string, string)[][]
        {
            [],
            [("origin", own), ("sec-fetch-site", "same-origin")],
            [("host", $"localhost:{fixture.Host.Address.Port}"), ("origin", $"http://localhost:{fixture.Host.Address.Port}")],
            [("host", "meridian.example"), ("origin", "https://meridian.example")],
            [("host", "[::1]:9")],
            [("sec-fetch-site", "none")],
        })
        {
            using var request = Request(method, path, body, headers);
            using var response = await fixture.Host.Client.SendAsync(request);
            Assert.DoesNotContain((int)response.StatusCode, (int[])[403, 415, 421]);
        }
    }

    [Theory, MemberData(nameof(AdminReads))]
    public async Task Foreign_pages_may_not_even_look_at_the_admin_api(string path)
    {
        await RefusedAsync(403, "forbidden_origin", "GET", path, null, ("origin", "https://evil.example"));
        await RefusedAsync(403, "forbidden_origin", "GET", path, null, ("sec-fetch-site", "cross-site"));
        await RefusedAsync(403, "forbidden_origin", "GET", path, null, ("origin", Fixture.Friend));
    }

    [Theory, MemberData(nameof(Reads))]
    public async Task Nothing_is_answered_to_a_name_that_is_not_ours(string path)
    {
        foreach (var host in new[] { "rebind.evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", "10.11.12.13", "[::2]:80", "meridian.example.evil.example" })
        {
            await RefusedAsync(421, "misdirected_request", "GET", path, null, ("host", host));
        }

        using var own = await fixture.Host.Client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.NotEqual(HttpStatusCode.MisdirectedRequest, own.StatusCode);
    }

    [Fact]
    public async Task An_allowed_page_may_call_the_api_and_read_its_answers()
    {
        using var ask = Request("OPTIONS", "/v1/chat/completions", null, ("origin", Fixture.Friend), ("access-control-request-method", "POST"), ("access-control-request-headers", "authorization,content-type"));
        using var permission = await fixture.Host.Client.SendAsync(ask);
        Assert.Equal(HttpStatusCode.NoContent, permission.StatusCode);
        Assert.Equal(Fixture.Friend, permission.Header("access-control-allow-origin"));
        Assert.Contains("POST", permission.Header("access-control-allow-methods"), StringComparison.Ordinal);
        Assert.Contains("authorization", permission.Header("access-control-allow-headers"), StringComparison.OrdinalIgnoreCase);

        using var call = Request("POST", "/v1/embeddings", Embedding, ("origin", Fixture.Friend), ("sec-fetch-site", "cross-site"));
        using var answer = await fixture.Host.Client.SendAsync(call);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Fixture.Friend, answer.Header("access-control-allow-origin"));
        Assert.Contains("x-request-id", answer.Header("access-control-expose-headers"), StringComparison.Ordinal);

        // An error is an answer, too: without the header a page would see "network error".
        using var mistake = Request("POST", "/v1/embeddings", "{}", ("origin", Fixture.Friend));
        using var refusal = await fixture.Host.Client.SendAsync(mistake);
        Assert.Equal(HttpStatusCode.BadRequest, refusal.StatusCode);
        Assert.Equal(Fixture.Friend, refusal.Header("access-control-allow-origin"));
    }

    [Theory]
    [InlineData("/v1/chat/completions", "https://evil.example")]
    [InlineData("/admin/api/drain", "https://evil.example")]
    [InlineData("/admin/api/drain", Fixture.Friend)]
    public async Task A_page_that_asks_and_is_not_allowed_gets_no(string path, string origin)
    {
        using var ask = Request("OPTIONS", path, null, ("origin", origin), ("access-control-request-method", "POST"), ("access-control-request-headers", "content-type"));
        using var answer = await fixture.Host.Client.SendAsync(ask);
        await answer.ErrorAsync(403, "forbidden_origin", "origin");
        Assert.False(answer.Headers.Contains("access-control-allow-origin"));
    }

    [Fact]
    public async Task Options_names_the_methods()
    {
        using var ask = Request("OPTIONS", "/admin/api/drain", null);
        using var answer = await fixture.Host.Client.SendAsync(ask);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(["DELETE", "GET", "HEAD", "OPTIONS", "POST"], answer.Content.Headers.Allow.Order());
    }

    [Theory, MemberData(nameof(Reads))]
    public async Task Head_answers_as_get_does_without_a_body(string path)
    {
        using var get = await fixture.Host.Client.GetAsync(new Uri(path, UriKind.Relative));
        using var request = Request("HEAD", path, null);
        using var head = await fixture.Host.Client.SendAsync(request);
        Assert.Equal(get.StatusCode, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public void Hosts_and_origins_that_are_none_are_mistakes()
    {
        foreach (var host in new[] { "http://meridian.example", "meridian.example:80", "", "a b" }) Assert.False(GatewayOptions.IsHost(host), host);
        foreach (var host in new[] { "meridian.example", "10.0.0.4", "[::5]", "::5" }) Assert.True(GatewayOptions.IsHost(host), host);
        foreach (var origin in new[] { "*", "null", "app.example", "https://app.example/", "https://app.example/x", "" }) Assert.False(GatewayOptions.IsOrigin(origin), origin);
        foreach (var origin in new[] { "https://app.example", "http://localhost:3000", "chrome-extension://abcdefgh" }) Assert.True(GatewayOptions.IsOrigin(origin), origin);
    }

    private async Task RefusedAsync(int status, string code, string method, string path, string? body, params (string, string)[] headers)
    {
        using var request = Request(method, path, body, headers);
        using var response = await fixture.Host.Client.SendAsync(request);
        if (status != (int)response.StatusCode) Assert.Fail($"{method} {path} with {string.Join(", ", headers)} was answered {(int)response.StatusCode}, not {status}.");
        await response.ErrorAsync(status, code, status == 421 ? "host" : "origin");
        Assert.False(response.Headers.Contains("access-control-allow-origin"));
    }

    private static HttpRequestMessage Request(string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public const string Friend = "https://app.example";

        public GatewayHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await GatewayHost.StartAsync(
            options =>
            {
                options.Hosts = ["meridian.example"];
                options.AllowedOrigins = [Friend];
            },
            services => services.AddSingleton<IRegionDraining>(new DrainingDouble()));

        public async ValueTask DisposeAsync()
        {
            if (Host is not null) await Host.DisposeAsync();
        }
    }
}
