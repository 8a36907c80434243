using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Engines.Generation;

public sealed class GenerationRulesTests(ScriptedTokenizer tokenizer)
{
    private static readonly GenerationWork Sound = new() { Prompts = [new GenerationPrompt { TokenIds = [10, 11, 12] }], MaxTokens = 2 };

    public static TheoryData<string, GenerationWork> Wrong => new()
    {
        { "prompt", Sound with { Prompts = [] } },
        { "prompt", Sound with { Prompts = [new GenerationPrompt()] } },
        { "prompt", Sound with { Prompts = [new GenerationPrompt { Text = "a", TokenIds = [1] }] } },
        { "prompt", Sound with { Prompts = [new GenerationPrompt { TokenIds = [] }] } },
        { "prompt[1]", Sound with { Prompts = [new GenerationPrompt { Text = "a" }, new GenerationPrompt { TokenIds = [10, 300] }] } },
        { "prompt", Sound with { Prompts = [new GenerationPrompt { TokenIds = [-1] }] } },
        { "messages", Sound with { Prompts = [new GenerationPrompt { Messages = [] }] } },
        { "n", Sound with { ChoicesPerPrompt = 0 } },
        { "n", Sound with { ChoicesPerPrompt = 129 } },
        { "prompt", Sound with { Prompts = [.. Enumerable.Repeat(Sound.Prompts[0], 129)] } },
        { "n", Sound with { ChoicesPerPrompt = int.MaxValue, Prompts = [Sound.Prompts[0], Sound.Prompts[0]] } },
        { "max_tokens", Sound with { MaxTokens = 0 } },
        { "max_tokens", Sound with { MaxTokens = -5 } },
        { "top_logprobs", Sound with { TopLogprobs = 21 } },
        { "top_logprobs", Sound with { TopLogprobs = -1 } },
        { "stop", Sound with { Stop = ["a", "b", "c", "d", "e"] } },
        { "stop", Sound with { Stop = [""] } },
        { "stop", Sound with { Stop = [new string('x', 1 << 20)] } },
        { "temperature", With(new() { Temperature = float.NaN }) },
        { "temperature", With(new() { Temperature = 2.5f }) },
        { "temperature", With(new() { Temperature = -1 }) },
        { "top_p", With(new() { TopP = 0 }) },
        { "top_p", With(new() { TopP = float.NaN }) },
        { "top_p", With(new() { TopP = 1.1f }) },
        { "top_k", With(new() { TopK = -1 }) },
        { "min_p", With(new() { MinP = 2 }) },
        { "repetition_penalty", With(new() { RepetitionPenalty = 0 }) },
        { "repetition_penalty", With(new() { RepetitionPenalty = float.PositiveInfinity }) },
        { "presence_penalty", With(new() { PresencePenalty = -2.1f }) },
        { "frequency_penalty", With(new() { FrequencyPenalty = float.NaN }) },
        { "logit_bias", With(new() { LogitBias = [(300, 1)] }) },
        { "logit_bias", With(new() { LogitBias = [(-1, 1)] }) },
        { "logit_bias", With(new() { LogitBias = [(10, float.NaN)] }) },
        { "logit_bias", With(new() { LogitBias = [(10, 101)] }) },
        { "resume", Sound with { Resume = [new ChoiceState(1, [])] } },
        { "resume", Sound with { Resume = [new ChoiceState(0, []), new ChoiceState(0, [])] } },
        { "resume", Sound with { Resume = [new ChoiceState(0, [300])] } },
        { "tenant", Sound with { Tenant = "" } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task What_makes_no_sense_is_refused_by_name(string param, GenerationWork work)
    {
        await using var scripted = ScriptedEngine.Start(tokenizer);
        var admission = scripted.Engine.Open(work);
        Assert.Equal((GenerationStatus.Invalid, param), (admission.Status, admission.Param));
        Assert.Null(admission.Stream);
        Assert.False(string.IsNullOrWhiteSpace(admission.Message));
        Assert.Equal(0, scripted.Engine.Load.Queued);
    }

    [Fact]
    public async Task What_does_not_fit_is_too_long_and_names_the_numbers()
    {
        await using var scripted = ScriptedEngine.Start(tokenizer);
        int[] prompt = [.. Enumerable.Repeat(10, 500)];
        var tooMany = scripted.Engine.Open(Ids(prompt, 13));
        Assert.Equal((GenerationStatus.TooLong, "max_tokens"), (tooMany.Status, tooMany.Param));
        Assert.Contains("512", tooMany.Message, StringComparison.Ordinal);
        Assert.Contains("500 tokens", tooMany.Message, StringComparison.Ordinal);
        Assert.Contains("13", tooMany.Message, StringComparison.Ordinal);
        Assert.Equal(GenerationStatus.TooLong, scripted.Engine.Open(Ids(prompt, int.MaxValue)).Status);
        Assert.Equal((GenerationStatus.TooLong, "prompt"), (scripted.Engine.Open(Ids([.. Enumerable.Repeat(10, 512)], null)).Status, scripted.Engine.Open(Ids([.. Enumerable.Repeat(10, 512)], null)).Param));
        var text = scripted.Engine.Open(new GenerationWork { Prompts = [new GenerationPrompt { Text = new string('q', 1 << 20) }] });
        Assert.Equal((GenerationStatus.TooLong, "prompt"), (text.Status, text.Param));
        Assert.Equal(12, (await Generated.ReadAsync(scripted.Open(Ids(prompt, 12) with { IgnoreEndOfText = true }))).Tokens);
        var open = await Generated.ReadAsync(scripted.Open(Ids(prompt, null) with { IgnoreEndOfText = true }));
        Assert.Equal((12, GenerationFinish.Length), (open.Tokens, open.Finishes[0]));
    }

    [Fact]
    public async Task A_sequence_that_the_whole_cache_cannot_hold_is_too_long()
    {
        await using var scripted = ScriptedEngine.Start(tokenizer, budget: 50);
        Assert.Equal(51, scripted.Engine.ContextLength);
        var refused = scripted.Engine.Open(Ids([.. Enumerable.Repeat(10, 20)], 32));
        Assert.Equal(GenerationStatus.TooLong, refused.Status);
        Assert.Contains("memory for 51", refused.Message, StringComparison.Ordinal);
        Assert.Equal(31, (await Generated.ReadAsync(scripted.Open(Ids([.. Enumerable.Repeat(10, 20)], 31) with { IgnoreEndOfText = true }))).Tokens);
    }

    [Fact]
    public async Task The_head_has_the_prompts_as_they_were_run_and_their_texts_where_wanted()
    {
        await using var scripted = ScriptedEngine.Start(tokenizer);
        var stream = scripted.Open(new GenerationWork
        {
            Prompts = [new GenerationPrompt { Text = "the house" }, new GenerationPrompt { TokenIds = scripted.Engine.Tokenizer.Encode("dog", 10, false).Ids.Select(i => (int)i).ToArray() }],
            MaxTokens = 1,
            Echo = true,
        });
        Assert.Equal(["the house", "dog"], stream.Head.PromptTexts!);
        Assert.Equal(1, stream.Head.PromptIds[0][0]);
        Assert.Equal("the house", scripted.Engine.Tokenizer.Decode(stream.Head.PromptIds[0]));
        await Generated.ReadAsync(stream, 2);
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Empty(EngineOptionsRules.Check(new EngineOptions()));
        var mistakes = EngineOptionsRules.Check(new EngineOptions { MaxSequences = 0, KvCacheBytes = 0, PrefillChunk = 0, RingTokens = 0 });
        Assert.Equal(4, mistakes.Count);
    }

    private static GenerationWork With(SamplingSettings sampling) => Sound with { Sampling = sampling };

    private static GenerationWork Ids(int[] prompt, int? maxTokens) => new() { Prompts = [new GenerationPrompt { TokenIds = prompt }], MaxTokens = maxTokens };
}
