using System.Collections.Concurrent;
using Meridian.Cluster.Tests.Generation;

namespace Meridian.Cluster.Tests.Draining;

/// <summary>Callers who read one stream after another until told to stop, and note whatever is not a whole answer.</summary>
public sealed class StreamLoad(CompletionCalls calls, string model, int callers, int tokens)
{
    private readonly ConcurrentQueue<string> _failures = new();
    private int _whole;

    /// <value>Streams that came whole.</value>
    public int Whole => _whole;

    /// <value>What was wrong with the others.</value>
    public IReadOnlyCollection<string> Failures => _failures;

    public Task RunAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller, stop), CancellationToken.None)));

    private async Task CallAsync(int caller, CancellationToken stop)
    {
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            var arrived = 0;
            try
            {
                var answer = await calls.CompleteAsync(
                    new Dictionary<string, object?> { ["model"] = model, ["prompt"] = $"caller {caller} round {round}", ["max_tokens"] = tokens, ["temperature"] = 0, ["ignore_eos"] = true },
                    stream: true,
                    () => arrived++);
                if (answer.CompletionTokens == tokens && answer.Finish == "length") Interlocked.Increment(ref _whole);
                else _failures.Enqueue($"caller {caller}, round {round}: {answer.CompletionTokens} tokens, finish {answer.Finish}, from {answer.Region}");
            }
            catch (Exception e)
            {
                _failures.Enqueue($"caller {caller}, round {round}, after {arrived} pieces: {e.GetType().Name}: {e.Message} {e.InnerException?.Message}");
            }
        }
    }
}
