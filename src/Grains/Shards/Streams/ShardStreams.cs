using System.Collections.Concurrent;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Tokenization;
using Meridian.Messages;
using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Shards.Streams;

/// <summary>The streams of one shard. Thread-safe: readers of this process end their streams on any thread.</summary>
internal sealed partial class ShardStreams(ShardKey key, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<Guid, OpenStream> _streams = new();
    private readonly Lock _lock = new();

    private int _running;
    private TaskCompletionSource? _idle;

    public ShardKey Key { get; } = key;

    /// <value>Number of streams that the engine works on or whose last tokens are not read yet.</value>
    public int Running
    {
        get
        {
            lock (_lock) return _running;
        }
    }

    /// <param name="id">The reader's name for the stream. If the name is already in use, the same reader opened that stream and never got the answer.
    /// The old stream is closed.</param>
    /// <param name="deadlineMs">Time left for the whole stream, ms.</param>
    public OpenStream Add(Guid id, IGenerationStream stream, IGenerationTokenizer tokenizer, int deadlineMs)
    {
        lock (_lock) _running++;
        var open = new OpenStream(id, stream, tokenizer, deadlineMs, this, time);
        OpenStream? before = null;
        _streams.AddOrUpdate(
            id,
            static (_, added) => added,
            (_, known, added) =>
            {
                before = known;
                return added;
            },
            open);
        before?.Close();
        return open;
    }

    public OpenStream? Find(Guid id) => _streams.GetValueOrDefault(id);

    /// <summary>Ends all streams and tells their readers the reason.</summary>
    public void EndAll(Refusal reason)
    {
        foreach (var (_, stream) in _streams) stream.End(reason);
    }

    /// <summary>Waits until no stream runs.</summary>
    public Task IdleAsync()
    {
        lock (_lock)
        {
            if (_running == 0) return Task.CompletedTask;
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    /// <summary>Each stream calls this once, when it has ended.</summary>
    internal void Settled()
    {
        TaskCompletionSource? idle = null;
        lock (_lock)
        {
            if (--_running == 0) (idle, _idle) = (_idle, null);
        }

        idle?.TrySetResult();
    }

    internal void Forget(OpenStream stream) => _streams.TryRemove(KeyValuePair.Create(stream.Id, stream));

    internal void LogFault(Exception exception, Guid stream) => LogStreamFailed(exception, stream, Key);

    [LoggerMessage(EventId = 3005, Level = LogLevel.Error, Message = "Stream {Stream} failed in the engine of {Shard}")]
    private partial void LogStreamFailed(Exception exception, Guid stream, ShardKey shard);
}
