using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Cluster.Tests.Robustness;

/// <summary>Sends callers' mistakes to a front door and a region and watches their memory. Each process answers half of the requests.</summary>
/// <param name="http">Sends.</param>
/// <param name="edges">The front door's address and the region's.</param>
/// <param name="processes">Their process ids.</param>
public sealed class MistakeRound(HttpClient http, Edge[] edges, int[] processes)
{
    /// <summary>A process may have grown by so much at the end of a round, as a part of what it had at its beginning.</summary>
    public const double Allowed = 1.1;

    private const int Callers = 4;
    private const int Portion = 250;

    /// <summary>Puts the processes to work as good requests do: a region at work, not one fresh from its start, is what the mistakes must leave as it was.</summary>
    public Task WorkAsync() => Task.WhenAll(Enumerable.Range(0, 4 * Callers).Select(async caller =>
    {
        for (var i = 0; i < 8; i++)
        {
            await edges[caller % edges.Length].EmbedAsync("minilm", ["a text to embed", string.Join(' ', Enumerable.Repeat("word", 200))]);
        }
    }));

    /// <summary>Sends the mistakes from one index of the corpus to another; every answer must be as the corpus says, to the field of the error.</summary>
    /// <returns>Resident KiB of each process, before and after each thousand.</returns>
    public async Task<List<long[]>> RunAsync(int from, int to)
    {
        var resident = new List<long[]> { await ResidentAsync() };
        for (var sent = from; sent < to; sent += Portion)
        {
            await SendAllAsync(sent, Math.Min(to, sent + Portion));
            if ((sent + Portion - from) % 1000 == 0 || sent + Portion >= to)
            {
                resident.Add(await ResidentAsync());
            }
        }

        return resident;
    }

    /// <summary>What grew by more than is allowed, in words; null: nothing.</summary>
    public static string? Growth(List<long[]> resident, string[] names) => string.Join(' ', names.Select((name, i) => (Name: name, Before: resident[0][i], After: resident[^1][i]))
        .Where(seen => seen.After > seen.Before * Allowed)
        .Select(seen => string.Create(CultureInfo.InvariantCulture, $"The {seen.Name} grew from {seen.Before} KiB to {seen.After} KiB."))) is { Length: > 0 } grew ? grew : null;

    // Quiet before each reading: the runtime compiles what has become hot in the background, a tier after the other.
    private async Task<long[]> ResidentAsync()
    {
        foreach (var process in processes)
        {
            await QuietAsync(process);
        }

        return [.. processes.Select(ProcStat.ResidentKiB)];
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

    private Task SendAllAsync(int from, int to)
    {
        var next = from - 1;
        return Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var index && index < to)
            {
                await SendAsync(edges[index % edges.Length], BadRequests.At(index / edges.Length));
            }
        }));
    }

    /// <summary>Sends one.</summary>
    /// <exception cref="InvalidDataException">It was not answered as it should be.</exception>
    public async Task SendAsync(Edge edge, BadRequest bad)
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
        Require((int)response.StatusCode == bad.Status, seen);
        Require(response.Headers.Contains("x-request-id"), $"{seen}, without x-request-id");
        using var json = JsonDocument.Parse(body);
        var error = json.RootElement.GetProperty("error");
        Require(error.GetProperty("message").GetString()!.Length > 0, seen);
        Require(error.GetProperty("type").GetString() == "invalid_request_error", seen);
        Require(bad.Code is null || error.GetProperty("code").GetString() == bad.Code, seen);
        Require(bad.Param is null || error.GetProperty("param").GetString()?.StartsWith(bad.Param, StringComparison.Ordinal) == true, seen);
    }

    private static async Task HangUpAsync(Edge edge, BadRequest bad)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(edge.Address.Host, edge.Address.Port);
        var head = $"{bad.Method} /{bad.Path} HTTP/1.1\r\nhost: {edge.Address.Authority}\r\ncontent-type: application/json\r\ncontent-length: {bad.Body!.Length}\r\n\r\n";
        await client.GetStream().WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. bad.Body.AsSpan(0, bad.Body.Length / 2)]);
        client.Client.LingerState = new LingerOption(true, 0);
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidDataException(otherwise);
    }
}
