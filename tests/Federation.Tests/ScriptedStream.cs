using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Federation.Tests;

/// <summary>A region's stream of a <see cref="ScriptedText"/> that something happens to.</summary>
/// <param name="head">Its head.</param>
/// <param name="frames">What it has.</param>
/// <param name="before">Frames that are read before it happens.</param>
/// <param name="happens">What happens then; null frames end the stream early.</param>
internal sealed class ScriptedStream(StreamHead head, IEnumerable<StreamFrame> frames, int before, Func<Task<StreamFrame?>> happens) : IRegionStream
{
    private readonly IEnumerator<StreamFrame> _frames = frames.GetEnumerator();
    private int _reads;
    private int _disposals;

    public StreamHead Head => head;

    public int Disposals => Volatile.Read(ref _disposals);

    public async ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_reads++ >= before)
            return await happens().WaitAsync(cancellationToken);
        return _frames.MoveNext() ? _frames.Current : null;
    }

    public ValueTask DisposeAsync()
    {
        Interlocked.Increment(ref _disposals);
        return default;
    }
}
