using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Meridian.IntentNode;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>Asks one node, which may be dead, frozen or cut off.</summary>
public sealed class NodeClient(string name, Uri address, HttpMessageHandler handler) : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    private readonly HttpClient _http = new(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };

    public string Name => name;

    /// <summary>Asks for a change. A node that does not answer leaves the outcome unknown, unless nobody listened.</summary>
    public async Task<NodeOutcome> ChangeAsync(NodeChange change)
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(change.WaitMs) + Grace);
            using var response = await _http.PostAsJsonAsync("change", change, patience.Token);
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync<NodeOutcome>(patience.Token) ?? throw new JsonException("Empty answer.");
        }
        catch (Exception exception) when (IsSilence(exception))
        {
            var refused = exception is HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } };
            return new NodeOutcome(false, false, 0, 0, 0, OutcomeUnknown: !refused, $"{name}: {exception.Message}");
        }
    }

    /// <summary>A linearizable read; null: the node does not answer.</summary>
    public Task<NodeReplica?> ReadAsync(TimeSpan patience) =>
        GetAsync<NodeReplica>(string.Create(CultureInfo.InvariantCulture, $"read?waitMs={(int)patience.TotalMilliseconds}"), patience + Grace);

    public Task<NodeReplica?> LocalAsync() => GetAsync<NodeReplica>("local", Short);

    public Task<NodeStatus?> StatusAsync() => GetAsync<NodeStatus>("status", Short);

    public async Task<NodeHash[]> HashesAsync(long since) => await GetAsync<NodeHash[]>(string.Create(CultureInfo.InvariantCulture, $"hashes?since={since}"), Short) ?? [];

    public void Dispose() => _http.Dispose();

    private async Task<T?> GetAsync<T>(string path, TimeSpan limit)
        where T : class
    {
        try
        {
            using var patience = new CancellationTokenSource(limit);
            return await _http.GetFromJsonAsync<T>(path, patience.Token);
        }
        catch (Exception exception) when (IsSilence(exception))
        {
            return null;
        }
    }

    // An error status is none: the node's code has failed, and the run with it.
    private static bool IsSilence(Exception exception) => exception is HttpRequestException { StatusCode: null } or IOException or OperationCanceledException;
}
