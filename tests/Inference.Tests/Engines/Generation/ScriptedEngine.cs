using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Engines.Generation.Scheduling;
using Meridian.Inference.Packages;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tokenization;
using Meridian.ModelTools.Tokenization;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(Meridian.Inference.Tests.Engines.Generation.ScriptedTokenizer))]

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>A made tokenizer for engines over a <see cref="ScriptedStage"/>: byte-level, 300 tokens.</summary>
public sealed class ScriptedTokenizer : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();

    internal ModelPackage Package { get; private set; } = null!;

    /// <value>For oracles; engines load their own.</value>
    internal GenerationTokenizer Tokenizer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        MadeTokenizer.Write(_directory.Path, MadeVocabulary.Make(ScriptedStage.Vocabulary), 512);
        Package = await MadePackage.OfAsync(_directory.Path, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json");
        Tokenizer = GenerationTokenizer.Load(Package);
    }

    public ValueTask DisposeAsync()
    {
        Tokenizer.Dispose();
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>An engine over a scripted stage, and what it should say.</summary>
internal sealed class ScriptedEngine : IAsyncDisposable
{
    /// <summary>More than a model has, so that some texts end by themselves.</summary>
    public static readonly int[] EndIds = [2, 280, 284, 288, 292, 296];

    private readonly ScriptedTokenizer _tokenizer;

    private readonly bool _roles;

    private ScriptedEngine(ScriptedTokenizer tokenizer, ScriptedStage stage, GenerationEngine engine, bool roles)
    {
        _roles = roles;
        _tokenizer = tokenizer;
        Stage = stage;
        Engine = engine;
    }

    public ScriptedStage Stage { get; }

    public GenerationEngine Engine { get; }

    /// <param name="tokenizer">Fixture.</param>
    /// <param name="options">Without memory; see <paramref name="budget"/>.</param>
    /// <param name="budget">Tokens of cache.</param>
    /// <param name="time">Clock.</param>
    /// <param name="roles">As in <see cref="ScriptedStage"/>.</param>
    public static ScriptedEngine Start(ScriptedTokenizer tokenizer, EngineOptions? options = null, int budget = 4096, TimeProvider? time = null, bool roles = false)
    {
        options = (options ?? new EngineOptions { MaxSequences = 8 }) with { KvCacheBytes = (long)budget * ScriptedStage.BytesPerToken };
        var stage = new ScriptedStage(CacheBudget.Slots(options), roles: roles);
        var engine = GenerationEngine.Start(
            tokenizer.Package, options, stage, EndIds, GenerationTokenizer.Load(tokenizer.Package), time ?? TimeProvider.System, NullLogger.Instance, 0, CancellationToken.None);
        stage.Reset();
        return new ScriptedEngine(tokenizer, stage, engine, roles);
    }

    public IGenerationStream Open(GenerationWork work)
    {
        var admission = Engine.Open(work);
        Assert.True(admission.Status == GenerationStatus.Admitted, $"{admission.Status}: {admission.Message}");
        return admission.Stream!;
    }

    /// <summary>What a choice should be: the same model, sampler and text, one token after another.</summary>
    public (int[] Ids, string Text, GenerationFinish Finish, string[] Pieces, GeneratedLogprob[] Logprobs) Expect(GenerationWork work, int choice)
    {
        var ids = new List<int>(work.Prompts[choice / work.ChoicesPerPrompt].TokenIds!);
        var prompt = ids.Count;
        var limit = work.MaxTokens is { } most ? prompt + most : Engine.ContextLength;
        var sampler = new Sampler(work.Sampling, choice, ScriptedStage.Vocabulary);
        var detokenizer = _tokenizer.Tokenizer.CreateDetokenizer();
        foreach (var id in ids)
            _ = detokenizer.Append(id);
        var text = new ChoiceText(detokenizer, work.Stop.Length == 0 ? null : new StopMatcher(work.Stop), work.IgnoreEndOfText ? [] : EndIds);
        var pieces = new List<string>();
        var logprobs = new List<GeneratedLogprob>();
        while (true)
        {
            // A prompt in pieces of several, if it has several tokens, and generated tokens one by one.
            var logits = ScriptedStage.Logits(_roles ? [.. ids.Select((id, at) => at < prompt && prompt > 1 ? id : id + ScriptedStage.Alone)] : ids);
            var id = sampler.Sample((float[])logits.Clone(), ids.Count - prompt);
            logprobs.Add(Logprobs.Of(logits, id, work.TopLogprobs ?? 0));
            ids.Add(id);
            pieces.Add(text.Append(id, ids.Count >= limit, out var finish));
            if (finish is not null)
                return ([.. ids.Skip(prompt)], string.Concat(pieces), finish.Value, [.. pieces], [.. logprobs]);
        }
    }

    /// <summary>Waits until nothing runs or waits.</summary>
    public async Task IdleAsync()
    {
        while (Engine.Counters is not { SlotsInUse: 0, Waiting: 0 })
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Stage.Open();
        await Engine.DisposeAsync();
        Assert.Null(Stage.Violation);
        Assert.True(Stage.Disposed);
    }
}
