using System.Threading.Channels;
using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Federation.Tests;

/// <summary>A region's stream whose frames and failures a test writes.</summary>
internal sealed class TestStream : IRegionStream
{
    private readonly Channel<StreamFrame> _frames = Channel.CreateUnbounded<StreamFrame>();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _life;
    private readonly int _from;
    private long _written;
    private long _read;
    private int _disposals;

    /// <param name="region">Names itself in the head.</param>
    /// <param name="life">Ends waits with an <see cref="OperationCanceledException"/>, as a region does when its edge gives the stream up.</param>
    public TestStream(string region, CancellationToken life = default)
    {
        Head = Sample.Head(region);
        _life = life;
    }

    /// <param name="region">Names itself in the head.</param>
    /// <param name="request">Says where its one choice stands.</param>
    /// <param name="life">Ends waits with an <see cref="OperationCanceledException"/>.</param>
    public TestStream(string region, InferRequest request, CancellationToken life)
        : this(region, life) => _from = (request.Input as GenerationInput)?.Resume?[0].TokenIds.Length ?? 0;

    public StreamHead Head { get; }

    public Task Disposed => _disposed.Task;

    public int Disposals => Volatile.Read(ref _disposals);

    /// <value>Frames that were read, coalesced or not.</value>
    public int Reads { get; private set; }

    /// <value>Tokens written that nobody has read.</value>
    public long Unread => Interlocked.Read(ref _written) - Interlocked.Read(ref _read);

    /// <summary>A stream with all of its tokens at hand, one a frame.</summary>
    public static TestStream Of(string region, int tokens, CancellationToken life = default) => new TestStream(region, life).With(tokens);

    /// <summary>Writes so many tokens, one a frame, the last of which ends the stream.</summary>
    public TestStream With(int tokens)
    {
        for (var i = 1; i <= tokens; i++) Write(end: i == tokens);
        return this;
    }

    /// <summary>One token, or a longer group.</summary>
    public void Write(bool end = false, string text = "x")
    {
        var offset = Interlocked.Increment(ref _written) - 1;
        _frames.Writer.TryWrite(Sample.Frame(offset, offset + 1, end, text, _from));
    }

    public void Fail(Exception exception) => _frames.Writer.TryComplete(exception);

    public async ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _life);
        try
        {
            var frame = await _frames.Reader.ReadAsync(ends.Token);
            Reads++;
            Interlocked.Add(ref _read, frame.Next - frame.Offset);
            if (frame.End) _frames.Writer.TryComplete();
            return frame;
        }
        catch (ChannelClosedException e)
        {
            return e.InnerException is { } failure ? throw failure : null;
        }
    }

    public ValueTask DisposeAsync()
    {
        Interlocked.Increment(ref _disposals);
        _disposed.TrySetResult();
        return default;
    }
}
