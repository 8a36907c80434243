using Meridian.Inference.Engines.Generation.Contract;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>A stream as the engine's contract has it: offsets, the newest frame again, one reader, cancellation. Tokens come from the test.</summary>
public sealed class TestGenerationStream(TestGenerator engine, GenerationWork work) : IGenerationStream
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _written;
    private long _acknowledged;
    private bool _end;
    private bool _endRead;
    private Exception? _failure;
    private GenerationFrame? _newest;
    private int _readers;

    public TestGenerator Engine { get; } = engine;

    public GenerationWork Work { get; } = work;

    public GenerationHead Head { get; } = new() { PromptIds = [.. work.Prompts.Select(p => p.TokenIds ?? [.. (p.Text ?? "").Select(c => (int)c)])] };

    public int CachedTokens => 3;

    public float QueueMs => 0.5f;

    /// <value>Completes when the shard gives the stream up.</value>
    public Task Cancelled => _cancelled.Task;

    public bool Over => _cancelled.Task.IsCompleted || _endRead || _failure is not null;

    /// <value>Reads that were answered.</value>
    public int Reads { get; private set; }

    /// <summary>Makes tokens: their ids count up from 0.</summary>
    public void Write(int tokens, bool end = false)
    {
        lock (_lock)
        {
            _written += tokens;
            _end |= end;
            Tell();
        }
    }

    public void Fail(Exception exception)
    {
        lock (_lock)
        {
            _failure ??= exception;
            Tell();
        }
    }

    public async ValueTask<GenerationFrame> ReadAsync(long offset, CancellationToken cancellationToken)
    {
        Assert.Equal(1, Interlocked.Increment(ref _readers));
        try
        {
            while (true)
            {
                Task news;
                lock (_lock)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (_failure is { } failure) throw failure;
                    if (_cancelled.Task.IsCompleted) throw new OperationCanceledException("cancelled");
                    if (_newest is { } again && again.Offset == offset && again.Next > offset) return again;
                    if (offset < _acknowledged || offset > _written) throw new ArgumentOutOfRangeException(nameof(offset), offset, null);
                    _acknowledged = offset;
                    if (_written > offset || _end) return Frame(offset);
                    news = _news.Task;
                }

                await news.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _readers);
        }
    }

    public void Cancel()
    {
        lock (_lock)
        {
            if (_endRead) return;
            _cancelled.TrySetResult();
            Tell();
        }
    }

    private GenerationFrame Frame(long offset)
    {
        Reads++;
        _endRead |= _end;
        int[] ids = [.. Enumerable.Range((int)offset, (int)(_written - offset))];
        var group = new GenerationGroup(0, (int)offset, ids, string.Concat(ids.Select(id => $"{id} ")), null, _end ? GenerationFinish.Length : null);
        return _newest = new GenerationFrame(offset, _written, [group], _end);
    }

    private void Tell()
    {
        _news.TrySetResult();
        _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
