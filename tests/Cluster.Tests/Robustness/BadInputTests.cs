using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Cluster.Tests.Robustness;

public sealed class BadInputTests(ITestOutputHelper output)
{
    private const int Few = 1_000;
    private const int Many = 10_000;
    private const int Callers = 4;
    private const int Rounds = 3;

    [Fact]
    public async Task Mistakes_get_their_error_and_leave_nothing_behind()
    {
        using var data = new TemporaryDirectory();
        await using var installation = new Installation(data.Path, regions: 1, Models.MiniLm);
        var region = installation.StartRegion("eastus");
        var (door, frontDoor) = installation.StartFrontDoor();
        await installation.SeesAsync(frontDoor, "minilm", "eastus");
        Edge[] edges = [frontDoor, installation.Facade("eastus")];
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };

        foreach (var edge in edges)
        {
            foreach (var bad in BadRequests.All)
            {
                await SendAsync(http, edge, bad, strict: true);
            }
        }

        // A region at work, not one fresh from its start, is what the mistakes must leave as it was.
        await Task.WhenAll(Enumerable.Range(0, 4 * Callers).Select(async caller =>
        {
            for (var i = 0; i < 8; i++)
            {
                await edges[caller % edges.Length].EmbedAsync("minilm", ["a text to embed", string.Join(' ', Enumerable.Repeat("word", 200))]);
            }
        }));

        // Each process answers half of the requests. What leaks grows in every round; a heap that has found its size only now does not.
        string? grew = null;
        for (var round = 0; round < Rounds && (round == 0 || grew is not null); round++)
        {
            var resident = await SendManyAsync(http, edges, door.Id, region.Id);
            grew = resident[^1].Door > resident[0].Door * 1.1 ? $"The front door grew from {resident[0].Door} KiB to {resident[^1].Door} KiB."
                : resident[^1].Region > resident[0].Region * 1.1 ? $"The region grew from {resident[0].Region} KiB to {resident[^1].Region} KiB."
                : null;
        }

        Assert.True(grew is null, $"In each of {Rounds} rounds of {Many} requests a process grew. {grew}");

        var errors = installation.AllLines.Where(IsError).Take(10).ToArray();
        Assert.True(errors.Length == 0, "A caller's mistake was logged as an error:\n" + string.Join("\n", errors));
        await frontDoor.EmbedAsync("minilm", ["all is well"]);
    }

    /// <summary>Sends the mistakes and returns both processes' resident KiB after each portion of <see cref="Few"/>.</summary>
    private async Task<List<(long Door, long Region)>> SendManyAsync(HttpClient http, Edge[] edges, int door, int region)
    {
        var watch = Stopwatch.StartNew();
        var resident = new List<(long Door, long Region)>();
        for (var sent = 0; sent < Many; sent += Few)
        {
            // In portions, and quiet before each reading: the runtime compiles what has become hot in the background, a tier after the other, and the machine code of
            // the first thousand requests must not be taken for a leak of the next nine.
            for (var portion = 0; portion < 4; portion++)
            {
                await SendAllAsync(http, edges, sent + (Few * portion / 4), sent + (Few * (portion + 1) / 4));
                await QuietAsync(door);
                await QuietAsync(region);
            }

            resident.Add((ProcStat.ResidentKiB(door), ProcStat.ResidentKiB(region)));
        }

        output.WriteLine($"{Many} requests in {watch.Elapsed.TotalSeconds:0.0} s. Resident KiB after each {Few}:");
        output.WriteLine($"front door {string.Join(' ', resident.Select(r => r.Door))}");
        output.WriteLine($"region     {string.Join(' ', resident.Select(r => r.Region))}");
        return resident;
    }

    /// <summary>Waits until a process has stopped working: less than two ticks of processor time in a tenth of a second.</summary>
    private static Task QuietAsync(int pid)
    {
        return Eventually.HoldsAsync(
            async _ =>
            {
                var before = ProcStat.Cpu(pid);
                await Task.Delay(100, CancellationToken.None);
                return ProcStat.Cpu(pid) - before < TimeSpan.FromMilliseconds(20);
            },
            $"process {pid} to be quiet",
            TimeSpan.FromSeconds(20));
    }

    private static bool IsError(string line) =>
        line.Contains(" error ", StringComparison.Ordinal) || line.Contains(" fatal ", StringComparison.Ordinal) || line.Contains("Unhandled", StringComparison.Ordinal);

    private static Task SendAllAsync(HttpClient http, Edge[] edges, int from, int to)
    {
        var next = from - 1;
        return Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var index && index < to)
            {
                await SendAsync(http, edges[index % edges.Length], BadRequests.At(index / edges.Length), strict: false);
            }
        }));
    }

    private static async Task SendAsync(HttpClient http, Edge edge, BadRequest bad, bool strict)
    {
        if (bad.HangsUp)
        {
            await HangUpAsync(edge, bad);
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(bad.Method), new Uri(edge.Address, bad.Path));
        if (bad.Body is not null)
        {
            request.Content = new ByteArrayContent(bad.Body);
            request.Content.Headers.ContentType = new("application/json");
            // As curl does with a large body: ask first, so that a refusal costs neither side the transfer.
            request.Headers.ExpectContinue = bad.Body.Length > 1_000_000;
        }

        using var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        var seen = $"{bad.Name} at {edge.Address}: expected {bad.Status} {bad.Code} {bad.Param}, got {(int)response.StatusCode} {body}";
        Assert.True((int)response.StatusCode == bad.Status, seen);
        if (strict)
        {
            Assert.True(response.Headers.Contains("x-request-id"), $"{seen}, without x-request-id");
            using var json = JsonDocument.Parse(body);
            var error = json.RootElement.GetProperty("error");
            Assert.True(error.GetProperty("message").GetString()!.Length > 0, seen);
            Assert.True(error.GetProperty("type").GetString() == "invalid_request_error", seen);
            Assert.True(bad.Code is null || error.GetProperty("code").GetString() == bad.Code, seen);
            Assert.True(bad.Param is null || error.GetProperty("param").GetString()?.StartsWith(bad.Param, StringComparison.Ordinal) == true, seen);
        }
    }

    private static async Task HangUpAsync(Edge edge, BadRequest bad)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(edge.Address.Host, edge.Address.Port);
        var head = $"{bad.Method} /{bad.Path} HTTP/1.1\r\nhost: {edge.Address.Authority}\r\ncontent-type: application/json\r\ncontent-length: {bad.Body!.Length}\r\n\r\n";
        await client.GetStream().WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. bad.Body.AsSpan(0, bad.Body.Length / 2)]);
        client.Client.LingerState = new LingerOption(true, 0);
    }
}
