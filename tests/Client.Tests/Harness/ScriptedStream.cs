using System.Collections.Concurrent;
using Meridian.Messages;

namespace Meridian.Client.Tests.Harness;

/// <summary>A stream of a test region, whose tokens the test writes.</summary>
public sealed class ScriptedStream
{
    /// <summary>Key of the one shard that each test region has.</summary>
    public const string Shard = "stories/v1@test/fp32/0/0";

    private readonly Lock _gate = new();
    private readonly List<StreamFrame> _frames = [];
    private readonly TaskCompletionSource _firstRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<int, int> _positions = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Refusal? _refusal;
    private long _next;
    private int _reading;

    public ScriptedStream(string region, InferRequest request, string arithmetic = "")
    {
        Request = request;
        foreach (var choice in (request.Input as GenerationInput)?.Resume ?? [])
            _positions[choice.Choice] = choice.TokenIds.Length;
        Head = new StreamHead
        {
            Region = region,
            Model = request.Model,
            Version = "v1@test",
            Variant = "fp32",
            Shard = Shard,
            Stream = Guid.NewGuid(),
            PromptIds = [[1, 2, 3]],
            CachedTokens = 2,
            ContextLength = 512,
            Arithmetic = arithmetic,
        };
    }

    public InferRequest Request { get; }

    public StreamHead Head { get; }

    /// <value>Offsets that were asked for, in order.</value>
    public ConcurrentQueue<long> Reads { get; } = new();

    /// <value>Completes when the first read arrives.</value>
    public Task FirstRead => _firstRead.Task;

    /// <value>Most reads that were under way together.</value>
    public int MostReading { get; private set; }

    /// <value>Completes when the reader closes the stream.</value>
    public Task Closed => _closed.Task;

    /// <summary>Answers empty to the next read, as a shard does that has waited long enough.</summary>
    public void EmitNothing() => Emit([], false);

    public void Emit(string text, FinishReason? finish = null, int choice = 0, bool end = true)
    {
        lock (_gate)
        {
            var position = _positions.GetValueOrDefault(choice);
            var ids = new int[Math.Max(1, text.Length)];
            for (var i = 0; i < ids.Length; i++)
                ids[i] = i < text.Length ? text[i] : 2;
            _positions[choice] = position + ids.Length;
            Emit([new TokenGroup { Choice = choice, Position = position, TokenIds = ids, Text = text, Finish = finish }], finish is not null && end);
        }
    }

    public void Emit(TokenGroup[] groups, bool end, long? offset = null)
    {
        lock (_gate)
        {
            var from = offset ?? _next;
            _next = from + groups.Sum(g => g.TokenIds.Length);
            _frames.Add(new StreamFrame { Offset = from, Next = _next, Groups = groups, End = end });
            Signal();
        }
    }

    public void Fail(RefusalCode code)
    {
        lock (_gate)
        {
            _refusal ??= new Refusal { Code = code, Message = $"{Head.Region} says {code}" };
            Signal();
        }
    }

    public async Task<StreamReply> OpenAsync(CancellationToken cancellationToken)
    {
        var reply = await TakeAsync(cancellationToken);
        return reply.Frame is null ? reply : reply with { Head = Head };
    }

    public async Task<StreamReply> ReadAsync(long offset, CancellationToken cancellationToken)
    {
        Reads.Enqueue(offset);
        _firstRead.TrySetResult();
        lock (_gate)
            MostReading = Math.Max(MostReading, ++_reading);
        try
        {
            return await TakeAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
                _reading--;
        }
    }

    public void Close()
    {
        _closed.TrySetResult();
        Fail(RefusalCode.Cancelled);
    }

    private async Task<StreamReply> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (_frames.Count > 0)
                {
                    var frame = _frames[0];
                    _frames.RemoveAt(0);
                    return new StreamReply { Frame = frame };
                }

                if (_refusal is not null)
                    return new StreamReply { Refusal = _refusal };
                more = _more.Task;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    private void Signal()
    {
        _more.TrySetResult();
        _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
