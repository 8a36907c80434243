using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Engines.Generation.Requests;
using Meridian.Inference.Engines.Generation.Scheduling;
using Meridian.Inference.Engines.Generation.Streams;
using Meridian.Inference.Packages;
using Meridian.Inference.Sampling;
using Meridian.Inference.Sessions;
using Meridian.Inference.Tokenization;
using Meridian.Inference.Tokenization.Chat;
using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Generation;

/// <summary>
/// Text generation. On the caller's thread it checks the request, reserves room in the queue, tokenizes, and rebuilds the state of choices that were generated
/// at another replica. A <see cref="GenerationScheduler"/> then batches and runs the sequences.
/// </summary>
/// <remarks>
/// A choice's tokens are a function of its ids, its sampling settings and the model's arithmetic. On graphs that pass <see cref="ArithmeticCheck"/>, the bits
/// depend neither on the other rows nor on how a prompt is cut. They do depend on whether a token was computed in a piece of several tokens or alone
/// (<see cref="KvRoles"/>). A reproducible request therefore always computes the prompt in pieces and generated tokens one by one. Other requests differ by
/// rounding, which changes a token only where two tokens are almost equally probable.
/// </remarks>
public sealed partial class GenerationEngine : IGenerationEngine
{
    // Expected length of an answer, used until real lengths have been measured.
    private const int ExpectedTokens = 64;

    // Number of tokens at the end of a prompt that can affect the text after it.
    private const int PromptEnd = 64;

    private readonly EngineOptions _options;
    private readonly GenerationTokenizer _tokenizer;
    private readonly GenerationLimits _limits;
    private readonly GenerationScheduler _scheduler;
    private readonly int[] _endIds;
    private readonly bool _exact;

    private GenerationEngine(
        ModelPackage package, EngineOptions options, GenerationTokenizer tokenizer, int[] endIds, GenerationLimits limits, GenerationScheduler scheduler, string arithmetic, bool exact)
    {
        Arithmetic = arithmetic;
        _exact = exact;
        Package = package;
        _options = options;
        _tokenizer = tokenizer;
        _endIds = endIds;
        _limits = limits;
        _scheduler = scheduler;
    }

    /// <inheritdoc />
    public ModelPackage Package { get; }

    /// <inheritdoc />
    public string Device => _options.Device;

    /// <inheritdoc />
    /// <remarks>The model's context length, or less if the cache's memory holds fewer tokens.</remarks>
    public int ContextLength => _limits.SequenceTokens;

    /// <inheritdoc />
    public string Arithmetic { get; }

    /// <inheritdoc />
    public IGenerationTokenizer Tokenizer => _tokenizer;

    /// <inheritdoc />
    public GenerationCounters Counters => _scheduler.Counters;

    /// <inheritdoc />
    public EngineLoad Load => _scheduler.Load;

    /// <inheritdoc />
    public Task<Exception> Lost => _scheduler.Lost;

    /// <summary>Verifies, loads and warms up the model, on a thread with the engine's priority. ONNX Runtime's threads inherit that priority.</summary>
    internal static async Task<GenerationEngine> LoadAsync(
        ModelPackage package, EngineOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var engine = await EngineThread.RunAsync(
            $"{package.Manifest.Name} load", () => Start(package, options, time, logger, started, cancellationToken)).ConfigureAwait(false);

        // The session has its own copy of the weights. Without a collection, the bytes of the file would stay until a full collection, which a quiet server may
        // not run for hours.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        return engine;
    }

    /// <inheritdoc />
    public GenerationAdmission Open(GenerationWork work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (GenerationRules.Check(work, _limits) is { } invalid)
            return invalid;
        var choices = work.Resume?.Length ?? work.Prompts.Length * work.ChoicesPerPrompt;
        if (_scheduler.Reserve(choices) is { } full)
            return full;
        List<GenerationSequence> sequences;
        GenerationStream stream;
        try
        {
            if (Tokenize(work, cancellationToken, out var head) is { } refusal)
            {
                _scheduler.Release(choices);
                return refusal;
            }

            stream = new GenerationStream(_scheduler, head, work.Prompts.Length * work.ChoicesPerPrompt, choices, _options.RingTokens);
            if (work.Reproducible && !IsExact(work))
                stream.MarkInexact();
            sequences = Sequences(work, stream);
        }
        catch (Exception e)
        {
            _scheduler.Release(choices);
            if (e is ObjectDisposedException)
                throw new EngineStoppedException(Package.Manifest.Id);
            throw;
        }

        // Resumed choices that have already ended need no room in the queue.
        if (sequences.Count < choices)
            _scheduler.Release(choices - sequences.Count);
        if (sequences.Count > 0)
            _scheduler.Submit(stream, sequences);
        return new GenerationAdmission { Status = GenerationStatus.Admitted, Stream = stream };
    }

    /// <summary>Finishes the running step, fails every stream that has not ended with <see cref="EngineStoppedException"/>, and frees the session.</summary>
    public async ValueTask DisposeAsync()
    {
        await _scheduler.DisposeAsync().ConfigureAwait(false);
        _tokenizer.Dispose();
    }

    private static GenerationEngine Start(
        ModelPackage package, EngineOptions options, TimeProvider time, ILogger logger, long started, CancellationToken cancellationToken)
    {
        GenerationTokenizer? tokenizer = null;
        OnnxDecoderStage? stage = null;
        try
        {
            tokenizer = GenerationTokenizer.Load(package, vocabulary: DecoderConfig.Read(package).Vocabulary, specialTokensInMessages: options.SpecialTokensInMessages);
            cancellationToken.ThrowIfCancellationRequested();
            _ = DeviceName.TryParse(options.Device, out var device);
            stage = OnnxDecoderStage.Load(package, new DecoderStageOptions
            {
                Device = device,
                IntraOpThreads = options.IntraOpThreads,
                AllowSpinning = options.AllowSpinning,
                Slots = CacheBudget.Slots(options),
            });
            cancellationToken.ThrowIfCancellationRequested();
            return Start(package, options, stage, stage.Config.EndsWith(tokenizer.EndId), tokenizer, time, logger, started, cancellationToken);
        }
        catch
        {
            stage?.Dispose();
            tokenizer?.Dispose();
            throw;
        }
    }

    /// <summary>Warms up a loaded stage and starts the engine, which then owns the stage and the tokenizer.</summary>
    internal static GenerationEngine Start(
        ModelPackage package,
        EngineOptions options,
        IDecoderStage stage,
        int[] endIds,
        GenerationTokenizer tokenizer,
        TimeProvider time,
        ILogger logger,
        long started,
        CancellationToken cancellationToken)
    {
        var budget = CacheBudget.Tokens(package, stage.Shape, options);
        var (decodeMs, promptTokenMs) = StageWarmUp.Run(stage, options, budget, time, cancellationToken);
        var limits = new GenerationLimits(stage.Shape.ContextLength, budget, stage.Shape.Vocabulary, options.QueueCapacity);
        Log.Loaded(
            logger, package.Manifest.Id, options.Device, options.IntraOpThreads, time.GetElapsedTime(started).TotalMilliseconds, stage.Shape.Layout, options.MaxSequences,
            budget, limits.SequenceTokens, decodeMs, promptTokenMs);
        if (endIds.Length == 0)
            Log.NoEnd(logger, package.Manifest.Id);
        if (stage.Shape.Cap is { } cap)
            Log.ContextCapped(logger, package.Manifest.Id, cap);
        if (limits.SequenceTokens < limits.ContextLength)
            Log.ShortOfMemory(logger, package.Manifest.Id, limits.ContextLength, limits.SequenceTokens);
        var exact = ArithmeticCheck.Run(stage, options, budget, promptTokenMs, cancellationToken);
        if (!exact)
            Log.Inexact(logger, package.Manifest.Id, options.Device);
        var scheduler = new GenerationScheduler(
            package.Manifest.Id, stage, options, budget, new StepPace(options.PrefillChunk, decodeMs, promptTokenMs), (float)(decodeMs * ExpectedTokens), time, logger);
        return new GenerationEngine(
            package, options, tokenizer, endIds, limits, scheduler, NameArithmetic(options.Device, stage.Shape), exact && options.Reproducible);
    }

    // If a sequence can be longer than a block of attention, the size of the block affects the bits, so it is part of the name.
    private static string NameArithmetic(string device, DecoderShape shape) =>
        Sessions.Arithmetic.Of(device) + (AttentionBlocks.Of(shape).Columns is var columns && columns < shape.ContextLength ? $"-kv{columns}" : "");

    /// <summary>
    /// Whether this engine's results are exact for this work. Resumed tokens must also have been computed with the same arithmetic.
    /// </summary>
    private bool IsExact(GenerationWork work) => _exact && (work.Resume is null || work.Arithmetic == Arithmetic);

    private GenerationAdmission? Tokenize(GenerationWork work, CancellationToken cancellationToken, out GenerationHead head)
    {
        var ids = new int[work.Prompts.Length][];
        var texts = work.Echo ? new string[work.Prompts.Length] : null;
        head = new GenerationHead { PromptIds = ids, PromptTexts = texts };
        for (var i = 0; i < ids.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var prompt = work.Prompts[i];
            var param = GenerationRules.ParamOf(work, i);
            var complete = true;
            var text = prompt.Text;
            if (prompt.TokenIds is { } given)
            {
                ids[i] = given;
                text = work.Echo ? _tokenizer.Decode(given) : null;
            }
            else
            {
                TokenizedText tokens;
                if (prompt.Messages is { } messages)
                {
                    try
                    {
                        var rendered = _tokenizer.Render(messages, addGenerationPrompt: true);
                        text = rendered.Text;
                        tokens = _tokenizer.Encode(rendered, _limits.SequenceTokens, cancellationToken);
                    }
                    catch (ChatTemplateException e)
                    {
                        return GenerationRefusals.Invalid(param, e.Message);
                    }
                }
                else
                {
                    tokens = _tokenizer.Encode(text!, _limits.SequenceTokens, addSpecialTokens: true, cancellationToken);
                }

                complete = tokens.Complete;
                ids[i] = Array.ConvertAll(tokens.Ids, static id => (int)id);
            }

            if (GenerationRules.CheckIds(param, ids[i], _limits) is { } wrong)
                return wrong;
            if (!complete || ids[i].Length + (long)(work.MaxTokens ?? 1) > _limits.SequenceTokens)
                return GenerationRefusals.TooLong(param, ids[i].Length, complete, work.MaxTokens, _limits);
            if (texts is not null)
                texts[i] = text!;
        }

        return null;
    }

    private List<GenerationSequence> Sequences(GenerationWork work, GenerationStream stream)
    {
        var reproducible = work.Reproducible && IsExact(work);
        var prompts = Array.ConvertAll(stream.Head.PromptIds, static ids => new PromptRun(ids));
        var sequences = new List<GenerationSequence>(work.Resume?.Length ?? prompts.Length * work.ChoicesPerPrompt);
        if (work.Resume is { } states)
        {
            foreach (var state in states)
                Add(state.Choice, state.TokenIds);
        }
        else
        {
            for (var choice = 0; choice < prompts.Length * work.ChoicesPerPrompt; choice++)
                Add(choice, []);
        }

        return sequences;

        void Add(int choice, int[] generated)
        {
            var prompt = prompts[choice / work.ChoicesPerPrompt];
            var limit = work.MaxTokens is { } most ? prompt.Ids.Length + most : Math.Min(_limits.SequenceTokens, Math.Max(work.ContextLength ?? int.MaxValue, prompt.Ids.Length + 1));
            var text = new ChoiceText(Detokenizer(prompt.Ids), work.Stop.Length == 0 ? null : new StopMatcher(work.Stop), work.IgnoreEndOfText ? [] : _endIds);
            for (var i = 0; i < generated.Length; i++)
            {
                _ = text.Append(generated[i], prompt.Ids.Length + i + 1 >= limit, out var finish);
                if (finish is null)
                    continue;
                stream.FinishAtOnce(choice, generated.Length, finish.Value, work.TopLogprobs is not null);
                return;
            }

            var sampler = new Sampler(work.Sampling, choice, _limits.Vocabulary);
            sampler.Restore(generated);
            prompt.Unstarted++;
            sequences.Add(new GenerationSequence(stream, choice, prompt, generated, limit, work.MaxTokens is null, sampler, text, work.TopLogprobs)
            {
                Tenant = work.Tenant,
                Reproducible = reproducible,
            });
        }
    }

    /// <summary>
    /// Creates a detokenizer that has read the end of the prompt. Many tokenizers drop the space at the beginning of a text; a continuation must keep it.
    /// </summary>
    private IncrementalDetokenizer Detokenizer(ReadOnlySpan<int> prompt)
    {
        var detokenizer = _tokenizer.CreateDetokenizer();
        foreach (var id in prompt[Math.Max(0, prompt.Length - PromptEnd)..])
            _ = detokenizer.Append(id);
        return detokenizer;
    }
}
