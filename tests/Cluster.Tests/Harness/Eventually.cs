using System.Diagnostics;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>Waits for another process's state, which can only be asked for again and again.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks until the answer is not null.</summary>
    /// <param name="ask">The question; an <see cref="HttpRequestException"/>, <see cref="IOException"/> or time-out counts as "not yet".</param>
    /// <param name="what">What is waited for, in words, for the failure.</param>
    /// <param name="limit">When waiting is pointless.</param>
    /// <param name="context">Added to the failure's text.</param>
    /// <exception cref="TimeoutException">The answer was still null; the text says what was seen last.</exception>
    public static async Task<T> AnswersAsync<T>(Func<CancellationToken, Task<T?>> ask, string what, TimeSpan limit, Func<string>? context = null)
        where T : class
    {
        var watch = Stopwatch.StartNew();
        var last = "nothing";
        while (watch.Elapsed < limit)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            try
            {
                if (await ask(patience.Token) is { } answer)
                {
                    return answer;
                }

                last = "not yet";
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or System.Text.Json.JsonException)
            {
                last = $"{e.GetType().Name}: {e.Message}";
            }

            await Task.Delay(Pause);
        }

        throw new TimeoutException($"Waited {limit.TotalSeconds:0} s for {what}; last seen: {last}. {context?.Invoke()}");
    }

    /// <summary>Asks until the answer is true.</summary>
    public static Task HoldsAsync(Func<CancellationToken, Task<bool>> ask, string what, TimeSpan limit, Func<string>? context = null) =>
        AnswersAsync<object>(async token => await ask(token) ? true : null, what, limit, context);
}
