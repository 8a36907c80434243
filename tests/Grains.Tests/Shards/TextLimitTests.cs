using Meridian.Grains.Shards;
using Meridian.Grains.Shards.Streams;
using Meridian.Grains.Tests.Fakes;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Grains.Tests.Shards;

/// <summary>What callers send to be tokenized is bounded for one request and for a silo.</summary>
public sealed class TextLimitTests
{
    private const int Most = 65_536;

    [Fact]
    public async Task A_text_far_beyond_the_context_is_refused_with_both_numbers()
    {
        await using var region = await StartAsync();
        async Task<InferReply> Ask(InferInput input) => await region.Local().InferAsync(RegionCluster.Request("story") with { Input = input }, CancellationToken.None);

        var whole = await Ask(new TokenizeInput { Prompt = new PromptInput { Text = new string('x', Most) } });
        Assert.Equal(Most + 1, ((TokenizeOutput)whole.Result!.Output).TokenIds.Length);
        foreach (var (input, length, param) in new (InferInput, int, string)[]
        {
            (new TokenizeInput { Prompt = new PromptInput { Text = new string('x', Most + 1) } }, Most + 1, "prompt"),
            (new TokenizeInput { Prompt = new PromptInput { TokenIds = new int[Most + 1] } }, Most + 1, "prompt"),
            // The template writes the role too.
            (new TokenizeInput { Prompt = new PromptInput { Messages = [new ChatMessage { Role = "user", Content = new string('x', Most + 1) }] } }, "user".Length + Most + 1, "messages"),
            (new DetokenizeInput { TokenIds = new int[Most + 1] }, Most + 1, "tokens"),
        })
        {
            var refused = (await Ask(input)).Refusal!;
            Assert.Equal((RefusalCode.InvalidInput, param), (refused.Code, refused.Param));
            Assert.Contains($"{length} ", refused.Message, StringComparison.Ordinal);
            Assert.Contains($"takes {Most}: 16 for each of the 512 tokens of its context", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(16 * 8192, Generations.MaxLength(8192));
    }

    [Fact]
    public async Task A_full_queue_refuses_long_texts_of_every_kind_and_takes_short_ones()
    {
        await using var region = await StartAsync();
        var queue = region.Silo().GetRequiredService<ConversionQueue>();
        using var hold = new ManualResetEventSlim();
        var full = queue.RunAsync(
            ConversionQueue.MaxBytes / sizeof(char),
            token =>
            {
                hold.Wait(token);
                return 0;
            },
            TestContext.Current.CancellationToken);
        var text = new string('x', (int)ConversionQueue.ShortText + 1);
        foreach (var input in new InferInput[] { new TokenizeInput { Prompt = new PromptInput { Text = text } }, new DetokenizeInput { TokenIds = new int[text.Length] } })
        {
            var refused = (await region.Local().InferAsync(RegionCluster.Request("story") with { Input = input }, CancellationToken.None)).Refusal!;
            Assert.Equal(RefusalCode.NoCapacity, refused.Code);
            Assert.Contains($"{ConversionQueue.MaxBytes} bytes", refused.Message, StringComparison.Ordinal);
            Assert.True(refused.RetryAfterMs > 0);
        }

        Assert.Equal(RefusalCode.NoCapacity, (await region.Local().OpenAsync(RegionCluster.Generation(prompt: text), CancellationToken.None)).Refusal?.Code);
        Assert.Null((await region.Local().InferAsync(RegionCluster.Request("story") with { Input = new TokenizeInput { Prompt = new PromptInput { Text = text[..1000] } } }, CancellationToken.None)).Refusal);

        hold.Set();
        await full;
        Assert.Null((await region.Local().InferAsync(RegionCluster.Request("story") with { Input = new TokenizeInput { Prompt = new PromptInput { Text = text } } }, CancellationToken.None)).Refusal);
    }

    /// <summary>The work itself ends, and not only the wait for it.</summary>
    [Fact]
    public async Task The_deadline_stops_the_work()
    {
        await using var region = await StartAsync();
        var tokenizer = (TestTokenizer)region.Engines.Generators.Created.Single().Tokenizer;
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        tokenizer.Working = token =>
        {
            token.WaitHandle.WaitOne();
            stopped.SetResult();
            token.ThrowIfCancellationRequested();
        };
        var request = RegionCluster.Request("story") with { RemainingMs = 50, Input = new TokenizeInput { Prompt = new PromptInput { Text = new string('x', 5000) } } };

        var reply = await region.Local().InferAsync(request, CancellationToken.None);

        Assert.Equal(RefusalCode.Deadline, reply.Refusal?.Code);
        await stopped.Task;
    }

    private static async Task<RegionCluster> StartAsync()
    {
        var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "story" }));
        await region.ServesAsync("story");
        return region;
    }
}
