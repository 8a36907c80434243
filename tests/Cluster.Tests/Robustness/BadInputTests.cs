using System.Diagnostics;
using System.Globalization;
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

        // Both processes answer half of the requests each.
        var watch = Stopwatch.StartNew();
        await SendAllAsync(http, edges, 0, Few);
        var few = (Door: ProcStat.ResidentKiB(door.Id), Region: ProcStat.ResidentKiB(region.Id));
        await SendAllAsync(http, edges, Few, Many);
        var many = (Door: ProcStat.ResidentKiB(door.Id), Region: ProcStat.ResidentKiB(region.Id));

        output.WriteLine(
            $"{Many} requests in {watch.Elapsed.TotalSeconds:0.0} s. Resident KiB after {Few} and {Many}: front door {few.Door} -> {many.Door} "
            + string.Create(CultureInfo.InvariantCulture, $"({(double)many.Door / few.Door:0.000}), region {few.Region} -> {many.Region} ({(double)many.Region / few.Region:0.000})"));
        Assert.True(many.Door <= few.Door * 1.1, $"The front door grew from {few.Door} KiB to {many.Door} KiB.");
        Assert.True(many.Region <= few.Region * 1.1, $"The region grew from {few.Region} KiB to {many.Region} KiB.");

        var errors = installation.AllLines.Where(IsError).Take(10).ToArray();
        Assert.True(errors.Length == 0, "A caller's mistake was logged as an error:\n" + string.Join("\n", errors));
        await frontDoor.EmbedAsync("minilm", ["all is well"]);
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
