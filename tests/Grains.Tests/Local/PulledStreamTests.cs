using Meridian.Grains.Local;
using Meridian.Grains.Shards.Streams;
using Meridian.Grains.Tests.Fakes;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Messages;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Grains.Tests.Local;

public sealed class PulledStreamTests
{
    [Fact]
    public async Task A_reader_who_pauses_for_long_finds_the_stream_as_it_was_left()
    {
        var time = new FakeTimeProvider();
        var engines = new TestEngines();
        await using var engine = new TestGenerator(engines.Open("story"), new EngineOptions(), engines.Generators);
        var source = new TestGenerationStream(engine, new GenerationWork { Prompts = [new GenerationPrompt { Text = "Once" }] });
        var shard = new Shard(new ShardStreams(new ShardKey("story", "v1", "fp32", 0, 0), time, NullLogger.Instance));
        var open = shard.Streams.Add(Guid.NewGuid(), source, engine.Tokenizer, 600_000);
        source.Write(1);
        var first = await open.ReadAsync(0, default);
        source.Write(1);
        var head = new StreamHead { Region = "westeurope", Model = "story", Version = "v1", Variant = "fp32", Stream = open.Id, PromptIds = [[1]] };
        await using var stream = new PulledStream(shard, null, false, head, first, time, CancellationToken.None);
        Assert.Equal(1, (await stream.ReadAsync(default))!.Next);

        for (var seconds = 0; seconds < 300; seconds += 5) time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal((1L, 2L), await ReadAsync());
        source.Write(1, end: true);
        Assert.Equal((2L, 3L), await ReadAsync());
        Assert.False(source.Cancelled.IsCompleted);

        async Task<(long, long)> ReadAsync()
        {
            var frame = (await stream.ReadAsync(default))!;
            return (frame.Offset, frame.Next);
        }
    }

    /// <summary>A shard's streams without its grain.</summary>
    private sealed class Shard(ShardStreams streams) : IModelShard
    {
        public ShardStreams Streams { get; } = streams;

        public Task<StreamReply> Read(Guid stream, long offset, CancellationToken cancellationToken = default) =>
            Streams.Find(stream)?.PullAsync(offset, TimeSpan.FromSeconds(5), cancellationToken) ?? Task.FromResult(new StreamReply { Refusal = StreamRefusals.Unknown(Streams.Key, stream) });

        public Task Close(Guid stream)
        {
            Streams.Find(stream)?.Close();
            return Task.CompletedTask;
        }

        public Task<ShardStatus> Load(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<ShardStatus> Status(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task Unload(CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
