using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Meridian.Wan.Scenarios;

/// <summary>Begins streamed completions at a fixed rate, whatever became of those before. All ask the same, greedily, so all texts should be equal.</summary>
/// <param name="http">Of the callers' site.</param>
/// <param name="edge">Where they call.</param>
/// <param name="perSecond">Streams a second.</param>
/// <param name="tokens">Length of each.</param>
/// <param name="time">Clock.</param>
internal sealed class StreamLoad(HttpClient http, Uri edge, double perSecond, int tokens, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly ConcurrentQueue<StreamSample> _samples = new();
    private readonly ConcurrentDictionary<int, string?> _open = new();
    private readonly long _origin = time.GetTimestamp();

    public IReadOnlyCollection<StreamSample> Samples => _samples;

    /// <summary>How many streams a region serves now.</summary>
    public int OpenAt(string region) => _open.Values.Count(served => served == region);

    /// <summary>Begins streams until told to stop, then waits for their ends.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var running = new List<Task>();
        for (var i = 0; ; i++)
        {
            var due = TimeSpan.FromSeconds(i / perSecond);
            try
            {
                await Task.Delay(Max(due - Elapsed(), TimeSpan.Zero), time, stop);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            var index = i;
            running.Add(Task.Run(() => OneAsync(index, due), CancellationToken.None));
        }

        await Task.WhenAll(running);
    }

    /// <summary>One stream, told of every piece.</summary>
    public async Task<StreamSample> StreamAsync(TimeSpan due, string? residency, Action<string>? served, Action? piece, CancellationToken cancellationToken, string prompt = "Once upon a time")
    {
        string? region = null, failure = null;
        TimeSpan? first = null;
        var (last, stall, used) = (Elapsed(), TimeSpan.Zero, 0);
        var text = new StringBuilder();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(edge, "v1/completions"));
            request.Content = JsonContent.Create(new
            {
                model = LabInstallation.Generation,
                prompt,
                max_tokens = tokens,
                temperature = 0,
                ignore_eos = true,
                stream = true,
                stream_options = new { include_usage = true },
            });
            if (residency is not null)
            {
                request.Headers.Add("x-meridian-residency", residency);
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            region = response.Headers.TryGetValues("x-meridian-region", out var values) ? values.First() : null;
            if (region is not null)
            {
                served?.Invoke(region);
            }

            if (!response.IsSuccessStatusCode)
            {
                failure = FailureCode.Of(await response.Content.ReadAsStringAsync(cancellationToken), (int)response.StatusCode);
            }
            else
            {
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
                failure = "no_end";
                while (await reader.ReadLineAsync(cancellationToken) is { } line)
                {
                    if (line == "data: [DONE]")
                    {
                        failure = null;
                        break;
                    }

                    if (!line.StartsWith("data: ", StringComparison.Ordinal))
                    {
                        continue;
                    }

                    using var document = JsonDocument.Parse(line.AsMemory(6));
                    if (document.RootElement.TryGetProperty("error", out _))
                    {
                        failure = FailureCode.Of(line[6..], 0);
                        break;
                    }

                    if (document.RootElement.GetProperty("choices") is { } choices && choices.GetArrayLength() > 0)
                    {
                        var now = Elapsed();
                        stall = first is null ? stall : Max(stall, now - last);
                        (first, last) = (first ?? now, now);
                        text.Append(choices[0].GetProperty("text").GetString());
                        piece?.Invoke();
                    }

                    if (document.RootElement.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
                    {
                        used = usage.GetProperty("completion_tokens").GetInt32();
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            failure = "timeout";
        }
        catch (Exception e)
        {
            failure = FailureCode.Of(e);
        }

        var done = Elapsed();
        return new StreamSample(due, region, first, first is null ? TimeSpan.Zero : Max(stall, done - last), done, used, text.ToString(), failure);
    }

    private async Task OneAsync(int index, TimeSpan due)
    {
        _open[index] = null;
        using var limit = new CancellationTokenSource(Patience, time);
        _samples.Enqueue(await StreamAsync(due, null, region => _open[index] = region, null, limit.Token));
        _open.TryRemove(index, out _);
    }

    private TimeSpan Elapsed() => time.GetElapsedTime(_origin);

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
