using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Meridian.Load;

/// <summary>Callers of streamed texts: a fixed number of callers who each read one text after the other, or new callers at a fixed mean rate.</summary>
/// <param name="http">Sends; must allow a connection for each stream.</param>
/// <param name="address">Front door.</param>
/// <param name="bodies">Bodies of the requests, in turn.</param>
/// <param name="timeout">When a stream that has not ended counts as failed.</param>
/// <param name="time">Clock of the samples.</param>
public sealed class StreamFleet(HttpMessageInvoker http, Uri address, IReadOnlyList<StreamBody> bodies, TimeSpan timeout, TimeProvider time)
{
    /// <summary>Tokens after which a pause counts for <see cref="StreamSample.LateGap"/>.</summary>
    private const int Late = 100;

    private readonly ConcurrentQueue<StreamSample> _samples = new();
    private readonly ConcurrentDictionary<int, string> _serving = new();
    private readonly long _origin = time.GetTimestamp();
    private int _next = -1;

    /// <value>Streams that have ended.</value>
    public IReadOnlyCollection<StreamSample> Samples => _samples;

    public TimeSpan Elapsed => time.GetElapsedTime(_origin);

    /// <summary>Region that began most of the streams that are under way, or null.</summary>
    public string? Busiest() => _serving.Values.GroupBy(region => region).OrderByDescending(group => group.Count()).FirstOrDefault()?.Key;

    /// <summary>A closed loop: keeps all callers at work until <paramref name="stop"/> fires, then waits for the streams that are under way.</summary>
    /// <param name="callers">Streams at any time.</param>
    /// <param name="stop">Ends the load.</param>
    public Task RunAsync(int callers, CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(
        async () =>
        {
            while (!stop.IsCancellationRequested) await NextAsync();
        },
        CancellationToken.None)));

    /// <summary>An open loop: streams begin at random, whether or not earlier ones have ended, until <paramref name="stop"/> fires. Then it waits for those that are under way.</summary>
    /// <param name="perSecond">Streams a second, at the mean of a Poisson process.</param>
    /// <param name="random">Draws the times between two streams.</param>
    /// <param name="stop">Ends the load.</param>
    public async Task RunAsync(double perSecond, Random random, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(perSecond);
        var begun = new List<Task>();
        for (var due = Elapsed; ; due += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / perSecond))
        {
            var early = due - Elapsed;
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (stop.IsCancellationRequested)
            {
                break;
            }

            begun.Add(Task.Run(NextAsync, CancellationToken.None));
        }

        await Task.WhenAll(begun);
    }

    private async Task NextAsync()
    {
        var index = Interlocked.Increment(ref _next);
        _samples.Enqueue(await ReadAsync(index, bodies[index % bodies.Count], region => _serving[index] = region));
        _serving.TryRemove(index, out _);
    }

    /// <summary>One stream, read to its end.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="body">What is asked for.</param>
    /// <param name="opened">Told the region that serves.</param>
    public async Task<StreamSample> ReadAsync(int index, StreamBody body, Action<string>? opened = null)
    {
        var started = Elapsed;
        string? region = null, finish = null, error = null;
        var text = new StringBuilder();
        var (prompt, completion) = (0, 0);
        var (last, gap, late) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        var scores = new List<string>();
        var exact = true;
        using var limit = new CancellationTokenSource(timeout, time);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "v1/completions"))
            {
                Content = new StringContent(body.Json, new MediaTypeHeaderValue("application/json")),
            };
            using var response = http is HttpClient client
                ? await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token)
                : await http.SendAsync(request, limit.Token);
            region = response.Headers.TryGetValues("x-meridian-region", out var values) ? values.FirstOrDefault() : null;
            if (response.IsSuccessStatusCode)
            {
                if (region is not null)
                {
                    opened?.Invoke(region);
                }

                using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token), Encoding.UTF8);
                var done = false;
                while (await lines.ReadLineAsync(limit.Token) is { } line)
                {
                    if (line == "data: [DONE]")
                        done = true;
                    else if (line.StartsWith("data: ", StringComparison.Ordinal))
                        Take(line);
                }

                error ??= done ? null : "the stream ended without [DONE]";
            }
            else
            {
                error = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(limit.Token)}";
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            error = $"no end within {timeout.TotalSeconds:0} s";
        }
        catch (Exception e)
        {
            // Whatever it is, a stream that does not end well has failed; one that were left out here would be in no figure.
            error = $"{e.GetType().Name}: {e.Message}";
        }

        return new StreamSample(index, body, started, Elapsed, region, text.ToString(), finish, prompt, completion, gap, error) { Scores = scores, Exact = exact, LateGap = late };

        void Take(string line)
        {
            using var document = JsonDocument.Parse(line.AsMemory(6));
            var root = document.RootElement;
            if (root.TryGetProperty("error", out var failure))
            {
                error = $"in mid-stream: {failure}";
                return;
            }

            foreach (var choice in root.GetProperty("choices").EnumerateArray())
            {
                text.Append(choice.GetProperty("text").GetString());
                finish = choice.GetProperty("finish_reason").GetString() ?? finish;
                var now = Elapsed;
                gap = last > TimeSpan.Zero && now - last > gap ? now - last : gap;
                late = scores.Count >= Late && now - last > late ? now - last : late;
                last = now;
                if (choice.GetProperty("logprobs") is { ValueKind: JsonValueKind.Object } logprobs)
                    scores.AddRange(logprobs.GetProperty("tokens").EnumerateArray().Zip(logprobs.GetProperty("token_logprobs").EnumerateArray(), (token, score) => $"{token.GetString()} {score.GetRawText()}"));
            }

            exact &= !(root.TryGetProperty("meridian", out var notes) && notes.TryGetProperty("exact", out var said) && said.ValueKind == JsonValueKind.False);

            if (root.GetProperty("usage") is { ValueKind: JsonValueKind.Object } usage)
                (prompt, completion) = (usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("completion_tokens").GetInt32());
        }
    }
}
