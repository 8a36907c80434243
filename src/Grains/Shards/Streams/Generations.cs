using System.Globalization;
using System.Text;
using Meridian.Errors;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tokenization;
using Meridian.Inference.Tokenization.Chat;
using Meridian.Messages;

namespace Meridian.Grains.Shards.Streams;

/// <summary>Converts between the messages of the region and the types of the generation engine.</summary>
internal static class Generations
{
    /// <summary>
    /// Characters that may be tokenized per token of the context. A token is about four characters of natural language, and more of code and white
    /// space.
    /// </summary>
    private const int LengthPerToken = 16;

    /// <summary>Every model accepts at least this number of characters or ids.</summary>
    private const int LeastMaxLength = 65_536;

    /// <summary>Longest text to tokenize (in characters) and longest list to detokenize (in ids) for a model.</summary>
    public static long MaxLength(int contextLength) => Math.Max(LeastMaxLength, (long)LengthPerToken * contextLength);

    /// <summary>Checks that an input is complete. It comes from another machine, which may run another version.</summary>
    /// <returns>Null for a complete input. Whether its values make sense is for the engine to decide.</returns>
    public static Refusal? Check(GenerationInput input)
    {
        if (input is not { Prompts: not null, Sampling.LogitBias: not null, Stop: not null } || Array.IndexOf(input.Stop, null) >= 0 || !Array.TrueForAll(input.Prompts, IsWhole))
            return Invalid("The input lacks its prompts, one of their messages, its sampling or its stop texts; its sender speaks another version of the messages.", null);
        if (input.Resume is { } resume && !Array.TrueForAll(resume, static choice => choice is { TokenIds: not null }))
            return Invalid("The input goes on with choices and lacks one of them or its ids; its sender speaks another version of the messages.", null);
        var choices = (long)input.Prompts.Length * input.ChoicesPerPrompt;
        return choices is < 1 or > GenerationInput.MaxChoices
            ? Invalid($"The request asks for {input.Prompts.Length} prompts with {input.ChoicesPerPrompt} choices each; together they must be 1 to {GenerationInput.MaxChoices}.", "n")
            : null;
    }

    /// <summary>See <see cref="Check(GenerationInput)"/>.</summary>
    public static Refusal? Check(TokenizeInput input) => IsWhole(input.Prompt)
        ? null
        : Invalid("There is no prompt to tokenize, or one of its messages lacks its role or its text; its sender speaks another version of the messages.", "prompt");

    public static GenerationWork Work(GenerationInput input, string tenant) => new()
    {
        Prompts = Array.ConvertAll(input.Prompts, Prompt),
        ChoicesPerPrompt = input.ChoicesPerPrompt,
        MaxTokens = input.MaxTokens,
        ContextLength = ContextLength(input),
        Sampling = new SamplingSettings
        {
            Temperature = input.Sampling.Temperature,
            TopP = input.Sampling.TopP,
            TopK = input.Sampling.TopK,
            MinP = input.Sampling.MinP,
            RepetitionPenalty = input.Sampling.RepetitionPenalty,
            PresencePenalty = input.Sampling.PresencePenalty,
            FrequencyPenalty = input.Sampling.FrequencyPenalty,
            LogitBias = Array.ConvertAll(input.Sampling.LogitBias, static b => (b.TokenId, b.Bias)),
            Seed = input.Sampling.Seed,
        },
        Stop = input.Stop,
        TopLogprobs = input.TopLogprobs,
        IgnoreEndOfText = input.IgnoreEndOfText,
        Resume = input.Resume is { } resume ? Array.ConvertAll(resume, static c => new ChoiceState(c.Choice, c.TokenIds)) : null,
        Echo = input.Echo,
        Tenant = tenant,
        Reproducible = input.Reproducible,
        Arithmetic = input.Arithmetic,
    };

    public static ChatTurn[] Turns(ChatMessage[] messages) => Array.ConvertAll(messages, static m => new ChatTurn(m.Role, m.Content, m.Name));

    /// <summary>Characters to tokenize before the engine can queue the prompts: the cost of the synchronous part of an opening.</summary>
    public static long Size(GenerationInput input)
    {
        long size = 0;
        foreach (var prompt in input.Prompts) size += Size(prompt);
        if (input.Resume is { } resume)
        {
            // The text of these ids is built again to find stop strings. This costs more than only checking an id.
            foreach (var choice in resume) size += choice.TokenIds.Length;
        }

        return size;
    }

    public static long Size(PromptInput prompt)
    {
        // An id is only checked against the vocabulary, not tokenized: a sixteenth of the cost of a character.
        long size = (prompt.Text?.Length ?? 0) + ((prompt.TokenIds?.Length ?? 0) / 16);
        if (prompt.Messages is not { } messages) return size;

        // A chat template runs over the messages: about ten microseconds per turn.
        foreach (var message in messages) size += 64 + Length(message);
        return size;
    }

    public static StreamHead Head(IGenerationStream stream, GenerationInput input, IGenerationEngine engine, Guid id, string region, in ShardKey key) => new()
    {
        Region = region,
        Model = key.Model,
        Version = key.Version,
        Variant = key.Variant,
        Shard = key.ToString(),
        Stream = id,
        PromptIds = stream.Head.PromptIds,
        PromptTexts = stream.Head.PromptTexts,
        CachedTokens = stream.CachedTokens,
        QueueMs = stream.QueueMs,
        ContextLength = Math.Min(engine.ContextLength, ContextLength(input) ?? int.MaxValue),
        Arithmetic = engine.Arithmetic,
    };

    public static StreamFrame Frame(GenerationFrame frame, IGenerationTokenizer tokenizer)
    {
        var groups = new TokenGroup[frame.Groups.Length];
        for (var i = 0; i < groups.Length; i++)
        {
            var group = frame.Groups[i];
            groups[i] = new TokenGroup
            {
                Choice = group.Choice,
                Position = group.Position,
                TokenIds = group.TokenIds,
                Text = group.Text,
                Logprobs = group.Logprobs is { } logprobs ? Logprobs(logprobs, tokenizer) : null,
                Finish = group.Finish switch { null => null, GenerationFinish.Stop => FinishReason.Stop, _ => FinishReason.Length },
            };
        }

        return new StreamFrame { Offset = frame.Offset, Next = frame.Next, Groups = groups, End = frame.End, Inexact = frame.Inexact };
    }

    /// <summary>Converts the reason why the engine did not admit the work.</summary>
    public static Refusal Refusal(GenerationAdmission admission, string model)
    {
        var code = admission.Status switch
        {
            GenerationStatus.TooLong => RefusalCode.InputTooLong,
            GenerationStatus.Invalid => RefusalCode.InvalidInput,
            GenerationStatus.QueueFull => RefusalCode.NoCapacity,
            _ => RefusalCode.Internal,
        };
        return new Refusal
        {
            Code = code,
            Message = admission.Message ?? $"The engine of '{model}' answered with status {admission.Status} and no reason.",
            Param = admission.Param,
            RetryAfterMs = admission.RetryAfterMs,
        };
    }

    /// <exception cref="MeridianException">The prompt is longer than the model's limit for tokenization, or has an id that the model does not
    /// know.</exception>
    /// <exception cref="ChatTemplateException">See <see cref="IGenerationTokenizer.Render"/>.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public static TokenizeOutput Tokenize(IGenerationEngine engine, TokenizeInput input, CancellationToken cancellationToken = default)
    {
        var tokenizer = engine.Tokenizer;
        int[] ids;
        if (input.Prompt.TokenIds is { } given)
        {
            CheckLength(engine, given.Length, "ids", "prompt");
            CheckIds(engine, given, "prompt");
            ids = given;
        }
        else
        {
            var encoded = input.Prompt.Messages is { } messages
                ? tokenizer.Encode(Rendered(engine, messages, input.AddGenerationPrompt), int.MaxValue, cancellationToken)
                : tokenizer.Encode(Checked(engine, input.Prompt.Text ?? ""), int.MaxValue, input.AddSpecialTokens, cancellationToken);
            ids = Array.ConvertAll(encoded.Ids, static id => (int)id);
        }

        return new TokenizeOutput
        {
            TokenIds = ids,
            ContextLength = engine.ContextLength,
            Texts = input.Texts ? Array.ConvertAll(ids, id => Encoding.UTF8.GetString(tokenizer.Bytes(id).Span)) : null,
        };
    }

    /// <exception cref="MeridianException">There are too many ids, or an id is not in the model's vocabulary.</exception>
    public static DetokenizeOutput Detokenize(IGenerationEngine engine, DetokenizeInput input)
    {
        CheckLength(engine, input.TokenIds.Length, "ids", "tokens");
        CheckIds(engine, input.TokenIds, "tokens");
        return new DetokenizeOutput { Text = engine.Tokenizer.Decode(input.TokenIds) };
    }

    public static Refusal Invalid(string message, string? param) => new() { Code = RefusalCode.InvalidInput, Message = message, Param = param };

    /// <summary>Null if the sending region did not give a context length.</summary>
    private static int? ContextLength(GenerationInput input) => input.ContextLength is > 0 and var length ? length : null;

    private static bool IsWhole(PromptInput? prompt) =>
        prompt is not null && (prompt.Messages is not { } messages || Array.TrueForAll(messages, static message => message is { Role: not null, Content: not null }));

    private static long Length(ChatMessage message) => (long)message.Content.Length + message.Role.Length + (message.Name?.Length ?? 0);

    private static string Checked(IGenerationEngine engine, string text)
    {
        CheckLength(engine, text.Length, "characters", "prompt");
        return text;
    }

    private static PromptText Rendered(IGenerationEngine engine, ChatMessage[] messages, bool addGenerationPrompt)
    {
        // Do not spend time on a chat template if the messages are already too long.
        CheckLength(engine, messages.Sum(Length), "characters", "messages");
        var prompt = engine.Tokenizer.Render(Turns(messages), addGenerationPrompt);
        CheckLength(engine, prompt.Text.Length, "characters", "messages");
        return prompt;
    }

    /// <summary>A caller counts tokens to learn whether a prompt fits. A text far beyond the context is therefore refused, not converted.</summary>
    private static void CheckLength(IGenerationEngine engine, long length, string unit, string param)
    {
        var most = MaxLength(engine.ContextLength);
        if (length <= most) return;
        throw new MeridianException(Invalid(
            string.Create(
                CultureInfo.InvariantCulture,
                $"There are {length} {unit} to convert; '{engine.Package.Manifest.Name}' takes {most}: {LengthPerToken} for each of the {engine.ContextLength} tokens of its context, and never less than {LeastMaxLength}. Send less, or in parts."),
            param));
    }

    private static void CheckIds(IGenerationEngine engine, int[] ids, string param)
    {
        var size = engine.Tokenizer.VocabularySize;
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)size) throw new MeridianException(Invalid($"Token id {id} is outside the vocabulary of '{engine.Package.Manifest.Name}', whose ids are 0 to {size - 1}.", param));
        }
    }

    private static GenerationPrompt Prompt(PromptInput prompt) => new()
    {
        Text = prompt.Text,
        TokenIds = prompt.TokenIds,
        Messages = prompt.Messages is { } messages ? Turns(messages) : null,
    };

    private static TokenLogprob[] Logprobs(GeneratedLogprob[] logprobs, IGenerationTokenizer tokenizer)
    {
        var mapped = new TokenLogprob[logprobs.Length];
        for (var i = 0; i < mapped.Length; i++)
        {
            var logprob = logprobs[i];
            var top = logprob.Top.Length == 0 ? [] : new TokenLogprob[logprob.Top.Length];
            for (var k = 0; k < top.Length; k++) top[k] = Logprob(logprob.Top[k].TokenId, logprob.Top[k].Logprob, [], tokenizer);
            mapped[i] = Logprob(logprob.TokenId, logprob.Logprob, top, tokenizer);
        }

        return mapped;
    }

    private static TokenLogprob Logprob(int id, float value, TokenLogprob[] top, IGenerationTokenizer tokenizer) =>
        new() { TokenId = id, Bytes = tokenizer.Bytes(id).ToArray(), Logprob = value, Top = top };
}
