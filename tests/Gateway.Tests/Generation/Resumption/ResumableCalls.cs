using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Meridian.Federation.Edge;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Resumption;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Tests.Generation.Resumption;

/// <summary>Requests for resumable streams as a caller makes them.</summary>
internal static class ResumableCalls
{
    /// <summary>The key that all edges of a test share.</summary>
    public const string Key = "0123456789abcdef0123456789abcdef";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TokenGroup Group(int position, string text, FinishReason? finish = null) =>
        new() { Choice = 0, Position = position, TokenIds = [position], Text = text, Finish = finish };

    public static async Task<GatewayHost> StartAsync(Action<GatewayOptions>? configure = null)
    {
        var host = await GatewayHost.StartAsync(options =>
        {
            options.ResumeKey = Key;
            configure?.Invoke(options);
        });
        host.Edge.Open = (request, _) => Task.FromResult(new EdgeOpening(new PositionedStory((GenerationInput)request.Input), null, "eastus", 1));
        return host;
    }

    public static Task<HttpResponseMessage> PostAsync(GatewayHost host, string path, string body, string? lastEventId = null) =>
        host.PostAsync(path, Encoding.UTF8.GetBytes(body), lastEventId is null ? (GatewayHeaders.Resumable, "1") : (GatewayHeaders.LastEventId, lastEventId));

    /// <summary>Reads so many events, or all, and breaks the connection.</summary>
    public static async Task<List<Event>> ReadAsync(HttpResponseMessage response, int count = int.MaxValue)
    {
        using (response)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            await using var stream = await response.Content.ReadAsStreamAsync();
            List<Event> events = [];
            while (events.Count < count)
            {
                var next = await ReadEventAsync(stream);
                if (next.Data.Length == 0)
                    break;
                events.Add(next);
            }

            return events;
        }
    }

    public static async Task<Event> ReadEventAsync(Stream stream)
    {
        using var patience = new CancellationTokenSource(Patience);
        var (id, data) = ("", "");
        while (true)
        {
            var line = await ReadLineAsync(stream, patience.Token);
            if (line is null || (line.Length == 0 && data.Length > 0))
                return new Event(id, data);
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                Assert.True(id.Length == 0, $"An event has the ids '{id}' and '{line[4..]}'.");
                id = line[4..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                data = line[6..];
            else
                Assert.True(line.Length == 0 || line[0] == ':', line);
        }
    }

    public static async Task<string?> ReadLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        List<byte> line = [];
        var one = new byte[1];
        while (await stream.ReadAsync(one, cancellationToken) == 1)
        {
            if (one[0] == (byte)'\n')
                return Encoding.UTF8.GetString([.. line]);
            line.Add(one[0]);
        }

        return line.Count == 0 ? null : throw new EndOfStreamException();
    }

    public static List<string> Texts(List<Event> events) =>
        [.. events.Where(e => e.Data.StartsWith('{')).SelectMany(e => JsonNode.Parse(e.Data)!["choices"]!.AsArray()).Select(choice => (string)choice!["text"]!).Where(text => text.Length > 0)];

    public sealed record Event(string Id, string Data);

    /// <summary>An event's id with other places, signed as the edge would.</summary>
    public static string Resigned(GatewayHost edge, string id, string places) => Signed(edge, [.. id.Split('.')[..^2], places]);

    /// <summary>An event's id of these parts, signed as the edge would.</summary>
    public static string Signed(GatewayHost edge, params string[] parts)
    {
        var text = Encoding.ASCII.GetBytes(string.Join('.', parts));
        var signature = new byte[EventIds.SignatureLength];
        edge.App.Services.GetRequiredService<EventIds>().Sign(text, signature);
        return $"{Encoding.ASCII.GetString(text)}.{Encoding.ASCII.GetString(signature)}";
    }
}
