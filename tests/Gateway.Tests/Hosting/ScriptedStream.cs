using System.Threading.Channels;
using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>A stream whose frames the test gives, now or later.</summary>
public sealed class ScriptedStream : IRegionStream
{
    private readonly Channel<object> _script = Channel.CreateUnbounded<object>();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> _awaited = [];
    private long _tokens;
    private bool _inexact;
    private int _reads;

    public StreamHead Head { get; init; } = EdgeDouble.Head(1);

    /// <value>Reads begun.</value>
    public int Reads => Volatile.Read(ref _reads);

    /// <value>Done when the stream is disposed.</value>
    public Task Disposed => _disposed.Task;

    /// <summary>A frame, its offsets filled in.</summary>
    public ScriptedStream Then(params TokenGroup[] groups) => Add(groups, end: false);

    /// <summary>From the next frame on, frames say that their bits may be others than those of the request alone.</summary>
    public ScriptedStream NoLongerExact()
    {
        _inexact = true;
        return this;
    }

    /// <summary>The last frame.</summary>
    public ScriptedStream End(params TokenGroup[] groups)
    {
        Add(groups, end: true);
        _script.Writer.Complete();
        return this;
    }

    public ScriptedStream Fail(Exception exception)
    {
        _script.Writer.TryWrite(exception);
        return this;
    }

    /// <summary>Waits until so many reads were begun.</summary>
    public Task ReadsAsync(int count)
    {
        lock (_gate)
        {
            if (_reads >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((count, reached));
            return reached.Task;
        }
    }

    public async ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _reads++;
            foreach (var (_, reached) in _awaited.Where(entry => entry.Count <= _reads))
            {
                reached.TrySetResult();
            }
        }

        while (await _script.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_script.Reader.TryRead(out var next))
            {
                return next as StreamFrame ?? throw (Exception)next;
            }
        }

        return null;
    }

    public ValueTask DisposeAsync()
    {
        _disposed.TrySetResult();
        return default;
    }

    private ScriptedStream Add(TokenGroup[] groups, bool end)
    {
        var before = _tokens;
        _tokens += groups.Sum(group => group.TokenIds.Length);
        _script.Writer.TryWrite(new StreamFrame { Offset = before, Next = _tokens, Groups = groups, End = end, Inexact = _inexact });
        return this;
    }
}
