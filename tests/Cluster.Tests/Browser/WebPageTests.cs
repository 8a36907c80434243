using System.Globalization;
using System.Text;
using Meridian.Cluster.Tests.Harness;
using Microsoft.Playwright;
using StackExchange.Redis;

namespace Meridian.Cluster.Tests.Browser;

/// <summary>Pages of strangers in a real Chromium on the machine of an installation. What tests/Gateway.Tests/Origins says of headers, a browser must really send.</summary>
[Collection(ThreeRegionsCollection.Name)]
public sealed class WebPageTests(ThreeRegions three) : IAsyncLifetime
{
    private const string Stranger = "evil.example";

    private readonly ForeignSite _site = new();
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    private int StorePort => three.Installation.PortsFrom + 100 + 10 + 3;

    private string StoreFolder => Path.Combine(three.Installation.Data, "eastus", "store");

    private int Facade => three.Installation.Facade("eastus").Address.Port;

    public async ValueTask InitializeAsync()
    {
        if (!TestTools.TryChromium(out var chromium, out _)) return;
        await _site.StartAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, Args = [$"--host-resolver-rules=MAP *.example 127.0.0.1, MAP {Stranger} 127.0.0.1"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        await _site.DisposeAsync();
    }

    [Theory]
    [InlineData("POST", "admin/api/drain", """{"scope":"region","deadline_seconds":0,"sticky":true}""")]
    [InlineData("PUT", "admin/api/directory/policy/stories", """{"routing":"nearest"}""")]
    [InlineData("DELETE", "admin/api/directory/model/stories", null)]
    [InlineData("PUT", "admin/api/models/minilm/replicas", """{"replicas":0}""")]
    public async Task A_strangers_page_changes_nothing(string method, string path, string? body)
    {
        var page = await OpenAsync($"http://{Stranger}:{_site.Port}/");
        var before = await StateAsync();

        // Without asking first (a simple request, whose answer the page cannot read), and as a program would.
        await FetchAsync(page, method is "POST" ? "POST" : method, path, body, "no-cors", "text/plain");
        await FetchAsync(page, method, path, body, "cors", "application/json");

        Assert.Equal(before, await StateAsync());
    }

    [Theory]
    [InlineData("no-cors", "text/plain")]
    [InlineData("no-cors", "")]
    [InlineData("cors", "application/json")]
    [InlineData("cors", "text/plain")]
    public async Task A_strangers_page_gets_no_inference(string mode, string type)
    {
        var page = await OpenAsync($"http://{Stranger}:{_site.Port}/");
        var answer = page.WaitForResponseAsync(response => response.Url.EndsWith("/v1/embeddings", StringComparison.Ordinal) && response.Request.Method != "OPTIONS", new() { Timeout = 5000 });
        var read = await FetchAsync(page, "POST", "v1/embeddings", """{"model":"minilm","input":"x"}""", mode, type);

        // Either the browser did not send it at all (its question was answered with no), or it was refused. In no case did the page read anything.
        Assert.DoesNotContain("embedding", read, StringComparison.Ordinal);
        try
        {
            Assert.Contains((await answer).Status, (int[])[403, 415]);
        }
        catch (TimeoutException)
        {
            Assert.Equal("cors", mode);
        }
    }

    [Fact]
    public async Task A_page_whose_name_was_turned_to_this_machine_reads_and_writes_nothing()
    {
        // After the rebinding the page and the facade are one origin to the browser: it reads what it likes, and needs no permission for any request.
        var page = await OpenAsync($"http://rebind.example:{Facade}/", expected: 421);
        var before = await StateAsync();
        Assert.StartsWith("421", await SameOriginAsync(page, "GET", "/admin/api/directory", null), StringComparison.Ordinal);
        Assert.StartsWith("421", await SameOriginAsync(page, "POST", "/admin/api/drain", """{"scope":"region"}"""), StringComparison.Ordinal);
        Assert.StartsWith("421", await SameOriginAsync(page, "POST", "/v1/embeddings", """{"model":"minilm","input":"x"}"""), StringComparison.Ordinal);
        Assert.Equal(before, await StateAsync());
    }

    [Fact]
    public async Task Our_own_page_calls_the_api()
    {
        var page = await OpenAsync($"http://localhost:{Facade}/docs");
        Assert.StartsWith("200", await SameOriginAsync(page, "POST", "/v1/embeddings", """{"model":"minilm","input":"x"}"""), StringComparison.Ordinal);
        Assert.StartsWith("200", await SameOriginAsync(page, "GET", "/admin/api/regions", null), StringComparison.Ordinal);
    }

    /// <summary>
    /// The store skips the lines of HTTP that it does not understand and carries out the commands in the body, unless callers must name its password first. A page that knows the password shows
    /// that the other page's command arrives and is refused for want of it alone.
    /// </summary>
    [Fact]
    public async Task A_strangers_page_runs_no_command_in_the_embedded_store()
    {
        var page = await OpenAsync($"http://{Stranger}:{_site.Port}/");
        var password = (await File.ReadAllTextAsync(Path.Combine(StoreFolder, "password"))).Trim();
        var (refused, allowed) = ("refused" + Guid.NewGuid().ToString("N"), "allowed" + Guid.NewGuid().ToString("N"));

        await CommandAsync(page, ["SET", "page-refused", refused]);
        await CommandAsync(page, ["AUTH", password], ["SET", "page-allowed", allowed]);

        using var store = await ConnectionMultiplexer.ConnectAsync(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{StorePort},password={password}"));
        var database = store.GetDatabase();
        await Eventually.HoldsAsync(async _ => await database.StringGetAsync("page-allowed") == allowed, "the command of a page that knows the password is carried out", TimeSpan.FromSeconds(30));
        Assert.Equal(RedisValue.Null, await database.StringGetAsync("page-refused"));

        // Whatever is acknowledged is in the append-only file.
        var log = await AppendOnlyFileAsync();
        Assert.Contains(allowed, log, StringComparison.Ordinal);
        Assert.DoesNotContain(refused, log, StringComparison.Ordinal);
        await database.KeyDeleteAsync("page-allowed");
    }

    private async Task CommandAsync(IPage page, params string[][] commands) => await page.EvaluateAsync(
        "async a => { try { await fetch(a.url, { method: 'POST', mode: 'no-cors', body: a.body, signal: AbortSignal.timeout(3000) }); } catch { } }",
        new
        {
            url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{StorePort}/"),
            body = string.Concat(commands.Select(static command => $"*{command.Length}\r\n{string.Concat(command.Select(static word => $"${word.Length}\r\n{word}\r\n"))}")),
        });

    private async Task<string> AppendOnlyFileAsync()
    {
        var text = new StringBuilder();
        foreach (var file in Directory.GetFiles(StoreFolder, "aof.log.*", SearchOption.AllDirectories))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            text.Append(await reader.ReadToEndAsync());
        }

        return text.ToString();
    }

    private async Task<IPage> OpenAsync(string url, int expected = 200)
    {
        if (_browser is null)
        {
            TestTools.TryChromium(out _, out var reason);
            Assert.Skip(reason);
        }

        var page = await _browser.NewPageAsync();
        var response = await page.GotoAsync(url, new() { WaitUntil = WaitUntilState.DOMContentLoaded });
        Assert.Equal(expected, response!.Status);
        return page;
    }

    /// <summary>What a page of another origin gets to read.</summary>
    private Task<string> FetchAsync(IPage page, string method, string path, string? body, string mode, string type) => page.EvaluateAsync<string>(
        """
        async a => {
          try {
            const headers = a.type === '' ? {} : { 'content-type': a.type };
            const content = a.body === null ? undefined : a.type === '' ? new Blob([a.body]) : a.body;
            const answer = await fetch(a.url, { method: a.method, mode: a.mode, headers, body: content });
            return answer.status + ' ' + await answer.text();
          } catch (e) { return 'refused: ' + e.message; }
        }
        """,
        new { url = $"http://127.0.0.1:{Facade}/{path}", method, body, mode, type });

    private static Task<string> SameOriginAsync(IPage page, string method, string path, string? body) => page.EvaluateAsync<string>(
        """
        async a => {
          const answer = await fetch(a.path, { method: a.method, headers: a.body === null ? {} : { 'content-type': 'application/json' }, body: a.body ?? undefined });
          return answer.status + ' ' + await answer.text();
        }
        """,
        new { path, method, body });

    /// <summary>Records, drains and replicas, as an operator sees them.</summary>
    private async Task<string> StateAsync()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = three.Installation.Facade("eastus").Address };
        using var records = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync(new Uri("admin/api/directory", UriKind.Relative)));
        using var drains = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync(new Uri("admin/api/drain", UriKind.Relative)));
        return $"{records.RootElement.GetProperty("records")} {drains.RootElement.GetProperty("state")} {await http.GetStringAsync(new Uri("admin/api/models/minilm/replicas", UriKind.Relative))}";
    }
}
