using System.Runtime.CompilerServices;
using Meridian.Errors;
using Meridian.Federation.Regions;
using Meridian.Grains.Shards.Streams;
using Meridian.Messages;

namespace Meridian.Grains.Local;

/// <summary>A stream of a shard in this process, read without a grain call.</summary>
internal sealed class TakenStream : IRegionStream
{
    private static readonly Refusal GivenUp = new() { Code = RefusalCode.Cancelled, Message = "The stream was given up by its edge." };

    private readonly OpenStream _stream;
    private readonly CancellationToken _life;
    private readonly CancellationTokenRegistration _registration;
    private StreamFrame? _first;
    private long _next;
    private bool _ended;

    /// <param name="stream">A stream that was taken from its shard. This object closes it.</param>
    /// <param name="first">The first frame, which came with the answer to the opening.</param>
    /// <param name="life">Ends the stream.</param>
    public TakenStream(OpenStream stream, StreamHead head, StreamFrame first, CancellationToken life)
    {
        _stream = stream;
        _first = first;
        _life = life;
        Head = head;
        _registration = life.UnsafeRegister(static stream => ((OpenStream)stream!).End(GivenUp), stream);
    }

    public StreamHead Head { get; }

    public ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_first is { } first)
        {
            _first = null;
            return new ValueTask<StreamFrame?>(Deliver(first));
        }

        if (_ended) return default;
        var read = _stream.ReadAsync(_next, cancellationToken);
        return read.IsCompletedSuccessfully ? new ValueTask<StreamFrame?>(Deliver(read.Result)) : AwaitAsync(read);
    }

    public ValueTask DisposeAsync()
    {
        _registration.Unregister();
        _stream.Close();
        return default;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<StreamFrame?> AwaitAsync(ValueTask<StreamFrame> read)
    {
        try
        {
            return Deliver(await read.ConfigureAwait(false));
        }
        catch (MeridianException e) when (_life.IsCancellationRequested)
        {
            throw new OperationCanceledException("The stream was given up.", e, _life);
        }
    }

    private StreamFrame Deliver(StreamFrame frame)
    {
        _next = frame.Next;
        _ended = frame.End;
        return frame;
    }
}
