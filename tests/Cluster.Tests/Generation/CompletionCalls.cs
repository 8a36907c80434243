using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Meridian.Cluster.Tests.Generation;

/// <summary>Calls <c>/v1/completions</c> and <c>/v1/chat/completions</c> as any HTTP client would.</summary>
public sealed class CompletionCalls(Uri address, HttpMessageHandler? handler = null) : IDisposable
{
    private readonly HttpClient _http = new(handler ?? new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 512 }, disposeHandler: handler is null) { Timeout = TimeSpan.FromSeconds(60), BaseAddress = address };

    /// <summary>One request, whole or streamed.</summary>
    /// <param name="body">The request's fields, without <c>stream</c>; one with <c>messages</c> is a chat.</param>
    /// <param name="stream">Whether to stream.</param>
    /// <param name="arrived">Told whenever a piece of a streamed text has come.</param>
    /// <exception cref="HttpRequestException">The answer is no 200; the message has its body.</exception>
    public async Task<Completion> CompleteAsync(Dictionary<string, object?> body, bool stream, Action? arrived = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, body.ContainsKey("messages") ? "v1/chat/completions" : "v1/completions");
        request.Content = JsonContent.Create(stream
            ? new Dictionary<string, object?>(body) { ["stream"] = true, ["stream_options"] = new { include_usage = true } }
            : body);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}", null, response.StatusCode);
        }

        var region = string.Join(',', response.Headers.GetValues("x-meridian-region"));
        return stream ? await ReadAsync(response, region, arrived) : Read(await response.Content.ReadAsStringAsync(), region);
    }

    public void Dispose() => _http.Dispose();

    private static Completion Read(string body, string region)
    {
        using var document = JsonDocument.Parse(body);
        var choice = document.RootElement.GetProperty("choices")[0];
        var usage = document.RootElement.GetProperty("usage");
        return new Completion(
            (choice.TryGetProperty("message", out var message) ? message.GetProperty("content") : choice.GetProperty("text")).GetString()!,
            choice.GetProperty("finish_reason").GetString()!,
            usage.GetProperty("prompt_tokens").GetInt32(),
            usage.GetProperty("completion_tokens").GetInt32(),
            region);
    }

    private static async Task<Completion> ReadAsync(HttpResponseMessage response, string region, Action? arrived)
    {
        var text = new StringBuilder();
        string? finish = null;
        var (prompt, completion) = (0, 0);
        var done = false;
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8);
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Length == 0 || line.StartsWith(':'))
            {
                continue;
            }

            Assert.StartsWith("data: ", line, StringComparison.Ordinal);
            if (line == "data: [DONE]")
            {
                done = true;
                continue;
            }

            using var document = JsonDocument.Parse(line.AsMemory(6));
            if (document.RootElement.TryGetProperty("error", out var error))
            {
                throw new HttpRequestException($"in mid-stream: {error}");
            }

            foreach (var choice in document.RootElement.GetProperty("choices").EnumerateArray())
            {
                text.Append(choice.TryGetProperty("delta", out var delta)
                    ? (delta.TryGetProperty("content", out var content) ? content.GetString() : null)
                    : choice.GetProperty("text").GetString());
                arrived?.Invoke();
                finish = choice.GetProperty("finish_reason").GetString() ?? finish;
            }

            if (document.RootElement.GetProperty("usage") is { ValueKind: JsonValueKind.Object } usage)
            {
                (prompt, completion) = (usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("completion_tokens").GetInt32());
            }
        }

        Assert.True(done, "The stream ended without [DONE].");
        return new Completion(text.ToString(), finish!, prompt, completion, region);
    }
}
