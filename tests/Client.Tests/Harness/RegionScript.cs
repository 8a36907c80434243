using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Meridian.Messages;

namespace Meridian.Client.Tests.Harness;

/// <summary>What a test region answers.</summary>
public sealed class RegionScript
{
    private volatile TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RegionScript(string region)
    {
        Region = region;
        Models = [Model("minilm"), Model("stories")];
        Infer = (request, _) => Task.FromResult(Embed(request));
        Open = OpenStream;
    }

    /// <value>Name the region gives itself.</value>
    public string Region { get; set; }

    public long Incarnation { get; set; } = 1;

    public ModelStatus[] Models { get; set; }

    public bool Draining { get; set; }

    /// <value>Of its streams; empty says nothing.</value>
    public string Arithmetic { get; set; } = "";

    public Func<InferRequest, CancellationToken, Task<InferReply>> Infer { get; set; }

    public Func<InferRequest, CancellationToken, Task<StreamReply>> Open { get; set; }

    /// <value>What a stream does as soon as it is opened.</value>
    public Action<ScriptedStream> Write { get; set; } = static _ => { };

    /// <value>Streams that were opened, in order.</value>
    public ConcurrentQueue<ScriptedStream> Streams { get; } = new();

    /// <value>How long a shard takes to close a stream.</value>
    public Task Closing { get; set; } = Task.CompletedTask;

    /// <value>All that arrived.</value>
    public ConcurrentQueue<InferRequest> Requests { get; } = new();

    public static ModelStatus Model(string name, int ready = 1, int queued = 0, int capacity = 1024, float serviceMs = 1) => new()
    {
        Model = name,
        Version = "v2@test",
        Variant = "fp32",
        DesiredReplicas = 1,
        ReadyReplicas = ready,
        Queued = queued,
        QueueCapacity = capacity,
        ServiceMs = serviceMs,
    };

    /// <summary>Two dimensions an item: the number at its start, and its length.</summary>
    public InferReply Embed(InferRequest request)
    {
        var texts = ((EmbeddingInput)request.Input).Texts!;
        var vectors = new float[texts.Length * 2];
        var tokens = 0;
        for (var i = 0; i < texts.Length; i++)
        {
            vectors[i * 2] = float.TryParse(texts[i].Split(' ')[0], out var number) ? number : -1;
            vectors[(i * 2) + 1] = texts[i].Length;
            tokens += 2 + texts[i].Length;
        }

        return InferReply.Of(new InferResult
        {
            Region = Region,
            Model = request.Model,
            Version = "v2@test",
            Variant = "fp32",
            Output = new EmbeddingOutput { Rows = texts.Length, Dimensions = 2, Vectors = MemoryMarshal.AsBytes(vectors.AsSpan()).ToArray(), PromptTokens = tokens },
        });
    }

    /// <summary>Makes every request wait for its cancellation. The task completes with the first that arrives, the other with the first that was cancelled.</summary>
    public (Task Arrived, Task Cancelled) Hang()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var released = _released;
        Infer = async (_, token) =>
        {
            await using var registration = token.Register(() => cancelled.TrySetResult());
            arrived.TrySetResult();
            await Task.WhenAny(cancelled.Task, released.Task);
            return InferReply.Refuse(RefusalCode.Cancelled, "cancelled");
        };
        return (arrived.Task, cancelled.Task);
    }

    /// <summary>Answers with the first frame that the test writes.</summary>
    public Task<StreamReply> OpenStream(InferRequest request, CancellationToken cancellationToken)
    {
        var stream = new ScriptedStream(Region, request, Arithmetic);
        Write(stream);
        Streams.Enqueue(stream);
        return stream.OpenAsync(cancellationToken);
    }

    /// <summary>Ends requests that hang: those of clients that were cut off are never cancelled, and a silo does not stop before they end.</summary>
    public void Release()
    {
        Interlocked.Exchange(ref _released, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        foreach (var stream in Streams)
            stream.Fail(RefusalCode.Cancelled);
    }

    public void Refuse(RefusalCode code, int retryAfterMs = 0)
    {
        Infer = (_, _) => Task.FromResult(InferReply.Refuse(code, $"{Region} says {code}", "input[0]", retryAfterMs));
        Open = (_, _) => Task.FromResult(StreamReply.Refuse(code, $"{Region} says {code}", "prompt", retryAfterMs));
    }
}
