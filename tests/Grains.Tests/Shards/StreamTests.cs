using Meridian.Errors;
using Meridian.Federation.Regions;
using Meridian.Grains.Tests.Fakes;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Grains.Tests.Shards;

/// <summary>Streams from the region's door to a scripted engine and back.</summary>
public sealed class StreamTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_comes_whole_in_order_and_ends(bool fromClient)
    {
        await using var region = await StartAsync();
        region.Engines.Generators.Begin = static stream => stream.Write(2);

        var opening = await Region(region, fromClient).OpenAsync(RegionCluster.Generation(), CancellationToken.None);
        Assert.Null(opening.Refusal);
        await using var stream = opening.Stream!;
        var source = region.Engines.Generators.Streams.Single();
        var head = stream.Head;
        Assert.Equal(("westeurope", "story", "v1", "fp32", "story/v1/fp32/0/0"), (head.Region, head.Model, head.Version, head.Variant, head.Shard));
        Assert.Equal((4, 3, 0.5f), (head.PromptTokens, head.CachedTokens, head.QueueMs));

        var first = (await stream.ReadAsync(default))!;
        Assert.Equal((0L, 2L, "0 1 ", false), (first.Offset, first.Next, first.Groups.Single().Text, first.End));
        var waiting = stream.ReadAsync(default);
        Assert.False(waiting.IsCompleted);
        source.Write(1);
        Assert.Equal(3, (await waiting)!.Next);
        source.Write(4, end: true);
        var last = (await stream.ReadAsync(default))!;
        Assert.Equal((3L, 7L, true, FinishReason.Length), (last.Offset, last.Next, last.End, last.Groups.Single().Finish));
        Assert.Null(await stream.ReadAsync(default));
        Assert.False(source.Cancelled.IsCompleted);
    }

    [Fact]
    public async Task A_stream_whose_engine_is_lost_ends_so_that_another_replica_goes_on_with_it()
    {
        await using var region = await StartAsync();
        region.Engines.Generators.Begin = static stream => stream.Write(2);
        await using var stream = (await Region(region, false).OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);
        var reading = stream.ReadAsync(default).AsTask();

        region.Engines.Generators.Streams.Single().Engine.Lose(new InvalidOperationException("no memory"));

        var e = await Assert.ThrowsAsync<MeridianException>(() => reading.WaitAsync(Patience));
        Assert.Equal(RefusalCode.NotReady, e.Refusal.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Disposing_a_stream_before_its_end_cancels_the_engines_work(bool fromClient)
    {
        await using var region = await StartAsync();
        var stream = (await Region(region, fromClient).OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);

        await stream.DisposeAsync();

        await region.Engines.Generators.Streams.Single().Cancelled.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_token_of_the_opening_ends_a_waiting_read_and_the_work(bool fromClient)
    {
        await using var region = await StartAsync();
        using var caller = new CancellationTokenSource();
        var stream = (await Region(region, fromClient).OpenAsync(RegionCluster.Generation(), caller.Token)).Stream!;
        await stream.ReadAsync(default);
        var read = stream.ReadAsync(default).AsTask();

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await stream.DisposeAsync();
        await region.Engines.Generators.Streams.Single().Cancelled.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_caller_who_goes_before_the_first_token_cancels_the_work(bool fromClient)
    {
        await using var region = await StartAsync();
        var opened = new TaskCompletionSource<TestGenerationStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        region.Engines.Generators.Begin = opened.SetResult;
        using var caller = new CancellationTokenSource();
        var open = Region(region, fromClient).OpenAsync(RegionCluster.Generation(), caller.Token);
        var source = await opened.Task.WaitAsync(Patience);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => open);
        await source.Cancelled.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_first_token_may_take_as_long_as_the_deadline_allows(bool fromClient)
    {
        var time = new ShiftedTime();
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "story" }), services: services => services.AddSingleton<TimeProvider>(time));
        await region.ServesAsync("story");
        await region.StatusAsync(region.FromClient, "story", s => s.ReadyReplicas == 1);
        var begun = new TaskCompletionSource<TestGenerationStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        region.Engines.Generators.Begin = begun.SetResult;
        var open = Region(region, fromClient).OpenAsync(RegionCluster.Generation() with { RemainingMs = 600_000 }, CancellationToken.None);
        var source = await begun.Task.WaitAsync(Patience);

        // A prompt in a long queue: well beyond every lease of a stream and every limit of a grain call.
        for (var minute = 0; minute < 9; minute++) time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(source.Cancelled.IsCompleted);
        source.Write(1);

        var opening = await open;
        Assert.Null(opening.Refusal);
        Assert.Single(region.Engines.Generators.Streams);
        await using var stream = opening.Stream!;
        Assert.Equal(1, (await stream.ReadAsync(default))!.Next);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_read_given_up_leaves_the_stream_readable(bool fromClient)
    {
        await using var region = await StartAsync();
        await using var stream = (await Region(region, fromClient).OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);
        using var reader = new CancellationTokenSource();
        var read = stream.ReadAsync(reader.Token).AsTask();

        await reader.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        region.Engines.Generators.Streams.Single().Write(1, end: true);

        Assert.Equal(2, (await stream.ReadAsync(default))!.Next);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_deadline_covers_the_whole_stream(bool fromClient)
    {
        await using var region = await StartAsync();
        await using var stream = (await Region(region, fromClient).OpenAsync(RegionCluster.Generation() with { RemainingMs = 300 }, CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);

        var late = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal(RefusalCode.Deadline, late.Refusal.Code);
        await region.Engines.Generators.Streams.Single().Cancelled.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_deadline_before_the_first_token_refuses()
    {
        await using var region = await StartAsync();
        region.Engines.Generators.Begin = static _ => { };

        var opening = await region.Local().OpenAsync(RegionCluster.Generation() with { RemainingMs = 50 }, CancellationToken.None);

        Assert.Equal(RefusalCode.Deadline, opening.Refusal!.Code);
        await region.Engines.Generators.Streams.Single().Cancelled.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(GenerationStatus.TooLong, RefusalCode.InputTooLong)]
    [InlineData(GenerationStatus.Invalid, RefusalCode.InvalidInput)]
    [InlineData(GenerationStatus.QueueFull, RefusalCode.NoCapacity)]
    public async Task What_the_engine_does_not_admit_is_refused_in_its_words(GenerationStatus status, RefusalCode code)
    {
        await using var region = await StartAsync();
        region.Engines.Generators.Admit = (_, _) => new GenerationAdmission { Status = status, Message = "what and why", Param = "max_tokens", RetryAfterMs = 250 };

        var refusal = (await region.Local().OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Refusal!;

        Assert.Equal((code, "what and why", "max_tokens", 250), (refusal.Code, refusal.Message, refusal.Param, refusal.RetryAfterMs));
    }

    [Fact]
    public async Task A_model_of_another_kind_refuses_naming_both()
    {
        await using var region = await StartAsync();

        var open = (await region.Local().OpenAsync(RegionCluster.Generation("echo"), CancellationToken.None)).Refusal!;
        var embed = (await region.Local().InferAsync(RegionCluster.Request("story"), CancellationToken.None)).Refusal!;
        var unary = (await region.Local().InferAsync(RegionCluster.Generation(), CancellationToken.None)).Refusal!;

        Assert.All(new[] { open, embed, unary }, r => Assert.Equal((RefusalCode.InvalidInput, "model"), (r.Code, r.Param)));
        Assert.Equal("Model 'echo' is of kind 'embedding' and does not generate text.", open.Message);
        Assert.Equal("Model 'story' is of kind 'generation' and does not embed texts.", embed.Message);
    }

    [Fact]
    public async Task An_input_of_another_version_is_refused_not_thrown_at()
    {
        await using var region = await StartAsync();
        var sound = (GenerationInput)RegionCluster.Generation().Input;
        foreach (var input in new[] { sound with { Prompts = null! }, sound with { Prompts = [null!] }, sound with { Prompts = [] }, sound with { Sampling = null! }, sound with { Stop = null! }, sound with { ChoicesPerPrompt = 129 }, sound with { ChoicesPerPrompt = 0 }, sound with { ChoicesPerPrompt = int.MaxValue } })
        {
            var refusal = (await region.Local().OpenAsync(RegionCluster.Generation() with { Input = input }, CancellationToken.None)).Refusal;
            Assert.Equal(RefusalCode.InvalidInput, refusal?.Code);
        }
    }

    [Fact]
    public async Task A_fault_of_the_engine_in_mid_stream_is_told_without_its_words()
    {
        await using var region = await StartAsync();
        await using var stream = (await region.Local().OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);

        region.Engines.Generators.Streams.Single().Fail(new InvalidOperationException("secret kernel"));
        var fault = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal(RefusalCode.Internal, fault.Refusal.Code);
        Assert.DoesNotContain("secret", fault.Refusal.Message, StringComparison.Ordinal);
        Assert.Contains(region.Log.Lines, l => l.Event.Id == 3005);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_engine_that_stops_tells_the_reader_to_go_elsewhere(bool fromClient)
    {
        await using var region = await StartAsync();
        await using var stream = (await Region(region, fromClient).OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);

        region.Engines.Generators.Streams.Single().Fail(new EngineStoppedException("story"));
        var stopped = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal(RefusalCode.NotReady, stopped.Refusal.Code);
    }

    [Fact]
    public async Task Prompts_are_tokenized_and_ids_read_where_the_model_is()
    {
        await using var region = await StartAsync();
        var request = RegionCluster.Request("story");
        async Task<InferReply> Ask(InferInput input) => await region.Local().InferAsync(request with { Input = input }, CancellationToken.None);

        var text = (TokenizeOutput)(await Ask(new TokenizeInput { Prompt = new PromptInput { Text = "ab" }, Texts = true })).Result!.Output;
        Assert.Equal([1, 'a', 'b'], text.TokenIds);
        Assert.Equal((512, "\u0001ab"), (text.ContextLength, string.Concat(text.Texts!)));
        var bare = (TokenizeOutput)(await Ask(new TokenizeInput { Prompt = new PromptInput { Text = new string('x', 5000) }, AddSpecialTokens = false })).Result!.Output;
        Assert.Equal(5000, bare.TokenIds.Length);
        var chat = (TokenizeOutput)(await Ask(new TokenizeInput { Prompt = new PromptInput { Messages = [new ChatMessage { Role = "user", Content = "hi" }] } })).Result!.Output;
        Assert.Equal("<user>hi<assistant>", string.Concat(chat.TokenIds.Select(id => (char)id)));
        Assert.Equal("ab", ((DetokenizeOutput)(await Ask(new DetokenizeInput { TokenIds = [1, 'a', 'b'] })).Result!.Output).Text);

        Assert.Equal((RefusalCode.InvalidInput, "tokens"), Why(await Ask(new DetokenizeInput { TokenIds = [0x10000] })));
        Assert.Equal((RefusalCode.InvalidInput, "messages"), Why(await Ask(new TokenizeInput { Prompt = new PromptInput { Messages = [new ChatMessage { Role = "poet", Content = "hi" }] } })));
        Assert.Equal((RefusalCode.InvalidInput, "model"), Why(await region.Local().InferAsync(RegionCluster.Request("echo") with { Input = new DetokenizeInput { TokenIds = [1] } }, CancellationToken.None)));

        static (RefusalCode, string?) Why(InferReply reply) => (reply.Refusal!.Code, reply.Refusal.Param);
    }

    [Theory]
    [InlineData(null, null, 512)]
    [InlineData(100, 100, 100)]
    [InlineData(9999, 9999, 512)]
    [InlineData(0, null, 512)]
    public async Task The_context_that_a_stream_began_with_goes_to_the_engine_and_back(int? given, int? asked, int told)
    {
        await using var region = await StartAsync();
        var request = RegionCluster.Generation();

        await using var stream = (await region.Local().OpenAsync(request with { Input = (GenerationInput)request.Input with { ContextLength = given } }, CancellationToken.None)).Stream!;

        Assert.Equal((asked, told), (region.Engines.Generators.Streams.Single().Work.ContextLength, stream.Head.ContextLength));
    }

    [Fact]
    public async Task Inputs_with_holes_are_refused_and_not_logged()
    {
        await using var region = await StartAsync();
        var request = RegionCluster.Request("story");
        var sound = (GenerationInput)RegionCluster.Generation().Input;
        ChatMessage[][] holes = [[null!], [new ChatMessage { Role = null!, Content = "hi" }], [new ChatMessage { Role = "user", Content = null! }]];
        GenerationInput[] inputs =
        [
            .. holes.Select(messages => sound with { Prompts = [new PromptInput { Messages = messages }] }),
            sound with { Prompts = [null!] },
            sound with { Resume = [null!] },
            sound with { Resume = [new ChoiceResume { Choice = 0, TokenIds = null! }] },
            sound with { Stop = [null!] },
        ];

        foreach (var input in inputs) Assert.Equal(RefusalCode.InvalidInput, (await region.Local().OpenAsync(request with { Input = input }, CancellationToken.None)).Refusal?.Code);
        foreach (var messages in holes)
        {
            var reply = await region.Local().InferAsync(request with { Input = new TokenizeInput { Prompt = new PromptInput { Messages = messages } } }, CancellationToken.None);
            Assert.Equal(RefusalCode.InvalidInput, reply.Refusal?.Code);
        }

        Assert.DoesNotContain(region.Log.Lines, line => line.Event.Id == 3004);
    }

    [Fact]
    public async Task Ids_outside_the_vocabulary_are_named()
    {
        await using var region = await StartAsync();
        async Task<Refusal> Ask(InferInput input) => (await region.Local().InferAsync(RegionCluster.Request("story") with { Input = input }, CancellationToken.None)).Refusal!;

        var detokenize = await Ask(new DetokenizeInput { TokenIds = [1, 0x10000] });
        Assert.Equal("Token id 65536 is outside the vocabulary of 'story', whose ids are 0 to 65535.", detokenize.Message);
        var tokenize = await Ask(new TokenizeInput { Prompt = new PromptInput { TokenIds = [-1] }, Texts = true });
        Assert.Equal((RefusalCode.InvalidInput, "prompt"), (tokenize.Code, tokenize.Param));
    }

    [Fact]
    public async Task A_tokenizer_of_an_engine_that_has_stopped_is_not_ready_and_no_fault()
    {
        await using var region = await StartAsync();
        var tokenizer = (TestTokenizer)region.Engines.Generators.Created.Single().Tokenizer;
        tokenizer.Encoding = static _ => throw new EngineStoppedException("story");

        var reply = await region.Local().InferAsync(RegionCluster.Request("story") with { Input = new TokenizeInput { Prompt = new PromptInput { Text = "ab" } } }, CancellationToken.None);

        Assert.Equal(RefusalCode.NotReady, reply.Refusal?.Code);
        Assert.DoesNotContain(region.Log.Lines, line => line.Event.Id == 3004);
    }

    [Fact]
    public async Task Residency_and_versions_are_checked_for_streams_too()
    {
        await using var region = await StartAsync();
        async Task<RefusalCode?> Ask(InferRequest request) => (await region.Local().OpenAsync(request, CancellationToken.None)).Refusal?.Code;

        Assert.Equal(RefusalCode.ResidencyUnavailable, await Ask(RegionCluster.Generation() with { Residency = ["us"] }));
        Assert.Equal(RefusalCode.ModelNotFound, await Ask(RegionCluster.Generation("nosuch")));
        Assert.Equal(RefusalCode.NotReady, await Ask(RegionCluster.Generation() with { Version = "v2" }));
        Assert.Equal(RefusalCode.Internal, await Ask(RegionCluster.Generation() with { Hops = 2 }));
        Assert.Empty(region.Engines.Generators.Streams);
    }

    private static ILocalRegion Region(RegionCluster region, bool fromClient) => fromClient ? region.FromClient : region.Local();

    private static async Task<RegionCluster> StartAsync(int replicas = 1)
    {
        var region = await RegionCluster.StartAsync(o => o.Models.AddRange([new() { Name = "story", Replicas = replicas }, new() { Name = "echo" }]));
        await region.ServesAsync("story", replicas);
        await region.ServesAsync("echo");
        return region;
    }
}
