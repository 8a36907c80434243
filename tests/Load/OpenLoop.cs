using System.Collections.Concurrent;
using System.Globalization;

namespace Meridian.Load;

/// <summary>
/// Sends requests at a fixed rate whether or not earlier ones have been answered, as independent callers do. A closed loop would slow down with the service
/// and so hide the very stalls that a failover test looks for.
/// </summary>
public sealed class OpenLoop
{
    private readonly HttpMessageInvoker _http;
    private readonly Func<int, HttpRequestMessage> _request;
    private readonly double _perSecond;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly ConcurrentQueue<LoadSample> _samples = new();
    private readonly ConcurrentDictionary<int, Task> _inFlight = new();
    private readonly Lock _observers = new();
    private event Action<LoadSample>? Observed;

    /// <param name="http">Sends; must allow enough connections for everything in flight.</param>
    /// <param name="request">Makes the n-th request.</param>
    /// <param name="perSecond">Requests a second.</param>
    /// <param name="timeout">When a request without an answer counts as failed.</param>
    /// <param name="time">Clock of the schedule.</param>
    public OpenLoop(HttpMessageInvoker http, Func<int, HttpRequestMessage> request, double perSecond, TimeSpan timeout, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(perSecond);
        (_http, _request, _perSecond, _timeout, _time) = (http, request, perSecond, timeout, time);
        _origin = time.GetTimestamp();
    }

    /// <value>Time since the load was made: the clock of its samples.</value>
    public TimeSpan Elapsed => _time.GetElapsedTime(_origin);

    /// <value>Requests sent so far. Once <see cref="RunAsync"/> has ended there is a sample of each.</value>
    public int Sent { get; private set; }

    /// <value>Requests that have ended, well or badly, in that order.</value>
    public IReadOnlyCollection<LoadSample> Samples => _samples;

    /// <summary>Sends until <paramref name="stop"/> fires, then waits for what is in flight.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var index = 0; ; index++)
        {
            var due = TimeSpan.FromSeconds(index / _perSecond);
            var early = due - Elapsed;
            if (early > TimeSpan.Zero)
            {
                try
                {
                    await Task.Delay(early, _time, stop);
                }
                catch (OperationCanceledException)
                {
                    break;
                }
            }

            if (stop.IsCancellationRequested)
            {
                break;
            }

            var sent = index;
            Sent++;
            var task = Task.Run(() => SendAsync(sent, due), CancellationToken.None);
            _inFlight[sent] = task;
            _ = task.ContinueWith(_ => _inFlight.TryRemove(sent, out Task? _), TaskScheduler.Default);
        }

        await Task.WhenAll(_inFlight.Values);
        var samples = _samples.Count;
        if (samples != Sent)
        {
            throw new InvalidOperationException($"{Sent} requests were sent and {samples} have a sample: the figures of this load say nothing.");
        }
    }

    /// <summary>Completes with the first sample from now on that satisfies <paramref name="wanted"/>.</summary>
    /// <exception cref="TimeoutException">None came within <paramref name="limit"/>; the text names <paramref name="what"/>.</exception>
    public async Task<LoadSample> NextAsync(Func<LoadSample, bool> wanted, string what, TimeSpan limit)
    {
        var found = new TaskCompletionSource<LoadSample>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(LoadSample sample)
        {
            try
            {
                if (wanted(sample))
                {
                    found.TrySetResult(sample);
                }
            }
            catch (Exception e)
            {
                // The question's own mistake: told to who asked, and no failure of the request.
                found.TrySetException(e);
            }
        }

        lock (_observers)
        {
            Observed += Look;
        }

        try
        {
            return await found.Task.WaitAsync(limit, _time);
        }
        catch (TimeoutException)
        {
            var last = string.Join("; ", _samples.TakeLast(5).Select(s => $"#{s.Index} {s.Status} {s.Region} {s.Error}"));
            throw new TimeoutException($"No request within {limit.TotalSeconds:0} s showed: {what}. Last answers: {last}.");
        }
        finally
        {
            lock (_observers)
            {
                Observed -= Look;
            }
        }
    }

    private async Task SendAsync(int index, TimeSpan due)
    {
        var status = 0;
        string? region = null, error = null;
        var attempts = 0;
        using var timeout = new CancellationTokenSource(_timeout, _time);
        try
        {
            using var request = _request(index);
            using var response = await _http.SendAsync(request, timeout.Token);
            status = (int)response.StatusCode;
            region = Header(response, "x-meridian-region");
            _ = int.TryParse(Header(response, "x-meridian-attempts"), NumberStyles.None, CultureInfo.InvariantCulture, out attempts);
            var body = await response.Content.ReadAsByteArrayAsync(timeout.Token);
            if (!response.IsSuccessStatusCode)
            {
                error = $"{status} {System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 400)))}";
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            error = $"no answer within {_timeout.TotalSeconds:0} s";
        }
        catch (Exception e)
        {
            // Whatever it is, a request that ends without an answer has failed. One that were left out here would be in no figure.
            error = $"{e.GetType().Name}: {e.Message}{(e.InnerException is { } inner ? " <- " + inner.Message : "")}";
        }

        var sample = new LoadSample(index, due, Elapsed - due, status, region, attempts, error);
        _samples.Enqueue(sample);
        Action<LoadSample>? observed;
        lock (_observers)
        {
            observed = Observed;
        }

        observed?.Invoke(sample);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
