using System.Globalization;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Engines.Generation.Requests;

/// <summary>Validates a request before the engine computes anything for it.</summary>
internal static class GenerationRules
{
    public const int MaxChoices = 128;
    public const int MaxStops = 4;
    public const int MaxStopLength = 16 * 1024;

    /// <summary>Returns a refusal that describes the first mistake, or null if the request is valid.</summary>
    public static GenerationAdmission? Check(GenerationWork work, GenerationLimits limits) =>
        CheckPrompts(work, limits) ?? CheckCounts(work, limits) ?? CheckStops(work.Stop) ?? CheckSampling(work.Sampling, limits) ?? CheckResume(work, limits);

    /// <summary>Name of a prompt for messages.</summary>
    public static string ParamOf(GenerationWork work, int prompt)
    {
        var name = work.Prompts[prompt].Messages is null ? "prompt" : "messages";
        return work.Prompts.Length == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}[{prompt}]");
    }

    private static GenerationAdmission? CheckPrompts(GenerationWork work, GenerationLimits limits)
    {
        if (work.Prompts is not { Length: > 0 })
            return GenerationRefusals.Invalid("prompt", "prompt is empty. Send at least one text, array of token ids, or conversation.");
        if (string.IsNullOrEmpty(work.Tenant))
            return GenerationRefusals.Invalid("tenant", "tenant is empty. Name the tenant, or leave it at its default.");
        for (var i = 0; i < work.Prompts.Length; i++)
        {
            if (work.Prompts[i] is not { } prompt)
                return GenerationRefusals.Invalid("prompt", $"prompt[{i}] is null. Send a text, an array of token ids, or a conversation.");
            var param = ParamOf(work, i);
            var kinds = (prompt.Text is null ? 0 : 1) + (prompt.TokenIds is null ? 0 : 1) + (prompt.Messages is null ? 0 : 1);
            if (kinds != 1)
                return GenerationRefusals.Invalid(param, $"{param} has {kinds} of text, token ids and messages. Send exactly one of them.");
            if (prompt.Messages is { Length: 0 })
                return GenerationRefusals.Invalid(param, $"{param} is an empty list. Send at least one message.");
            if (prompt.TokenIds is { } ids && CheckIds(param, ids, limits) is { } wrong)
                return wrong;
        }

        return null;
    }

    public static GenerationAdmission? CheckIds(string param, int[] ids, GenerationLimits limits)
    {
        if (ids.Length == 0)
            return GenerationRefusals.Invalid(param, $"{param} has no tokens. Send some text, or at least one id.");
        var wrong = FirstOutside(ids, limits.Vocabulary);
        return wrong < 0
            ? null
            : GenerationRefusals.Invalid(param, $"{param} holds {ids[wrong]} at position {wrong}, which is no id of this model; its vocabulary has ids 0 to {limits.Vocabulary - 1}. Send ids of this model's tokenizer, or the text itself.");
    }

    private static int FirstOutside(ReadOnlySpan<int> ids, int vocabulary) => ids.IndexOfAnyExceptInRange(0, vocabulary - 1);

    private static GenerationAdmission? CheckCounts(GenerationWork work, GenerationLimits limits)
    {
        if (work.ChoicesPerPrompt < 1)
            return GenerationRefusals.Invalid("n", $"n is {work.ChoicesPerPrompt}. Ask for at least 1 choice.");
        var choices = (long)work.Prompts.Length * work.ChoicesPerPrompt;
        var most = Math.Min(MaxChoices, limits.QueueCapacity);
        if (choices > most)
        {
            return GenerationRefusals.Invalid(
                work.ChoicesPerPrompt > 1 ? "n" : "prompt", $"{work.Prompts.Length} prompts with n {work.ChoicesPerPrompt} make {choices} choices; one request may have {most}. Send them in several requests.");
        }

        if (work.MaxTokens is < 1)
            return GenerationRefusals.Invalid("max_tokens", $"max_tokens is {work.MaxTokens}. Ask for at least 1, or leave it out to go on to the end of the context.");
        return work.TopLogprobs is < 0 or > Logprobs.MaxTop
            ? GenerationRefusals.Invalid("top_logprobs", $"top_logprobs is {work.TopLogprobs}; it is 0 to {Logprobs.MaxTop}.")
            : null;
    }

    private static GenerationAdmission? CheckStops(string[]? stops)
    {
        if (stops is null)
            return GenerationRefusals.Invalid("stop", "stop is null. Leave it out or send an array of texts.");
        if (stops.Length > MaxStops)
            return GenerationRefusals.Invalid("stop", $"stop has {stops.Length} texts; at most {MaxStops} are taken.");
        foreach (var stop in stops)
        {
            if (string.IsNullOrEmpty(stop))
                return GenerationRefusals.Invalid("stop", "stop holds an empty text, which would end everything at once. Leave it out.");
            if (stop.Length > MaxStopLength)
                return GenerationRefusals.Invalid("stop", $"stop holds a text of {stop.Length} characters; at most {MaxStopLength} are taken.");
        }

        return null;
    }

    private static GenerationAdmission? CheckSampling(SamplingSettings? sampling, GenerationLimits limits)
    {
        if (sampling is null)
            return GenerationRefusals.Invalid("sampling", "The sampling settings are null. Leave them at their default.");
        if (Outside(sampling.Temperature, 0, 2))
            return Wrong("temperature", sampling.Temperature, "0 (greedy) to 2");
        if (Outside(sampling.TopP, 0, 1) || sampling.TopP == 0)
            return Wrong("top_p", sampling.TopP, "above 0, up to 1");
        if (sampling.TopK < 0)
            return Wrong("top_k", sampling.TopK, "at least 1, or 0 for all");
        if (Outside(sampling.MinP, 0, 1))
            return Wrong("min_p", sampling.MinP, "0 to 1");
        if (!(sampling.RepetitionPenalty > 0) || !float.IsFinite(sampling.RepetitionPenalty))
            return Wrong("repetition_penalty", sampling.RepetitionPenalty, "above 0; 1 for none");
        if (Outside(sampling.PresencePenalty, -2, 2))
            return Wrong("presence_penalty", sampling.PresencePenalty, "-2 to 2");
        if (Outside(sampling.FrequencyPenalty, -2, 2))
            return Wrong("frequency_penalty", sampling.FrequencyPenalty, "-2 to 2");
        if (sampling.LogitBias is null)
            return GenerationRefusals.Invalid("logit_bias", "logit_bias is null. Leave it out or send token ids with their bias.");
        foreach (var (id, bias) in sampling.LogitBias)
        {
            if ((uint)id >= (uint)limits.Vocabulary)
                return GenerationRefusals.Invalid("logit_bias", $"logit_bias names token {id}, which is no id of this model; its vocabulary has ids 0 to {limits.Vocabulary - 1}.");
            if (Outside(bias, -100, 100))
                return GenerationRefusals.Invalid("logit_bias", string.Create(CultureInfo.InvariantCulture, $"logit_bias of token {id} is {bias}; it is -100 to 100."));
        }

        return null;
    }

    private static GenerationAdmission? CheckResume(GenerationWork work, GenerationLimits limits)
    {
        if (work.Resume is null)
            return null;
        var choices = work.Prompts.Length * work.ChoicesPerPrompt;
        var seen = new bool[choices];
        foreach (var state in work.Resume)
        {
            if (state?.TokenIds is null || (uint)state.Choice >= (uint)choices)
                return GenerationRefusals.Invalid("resume", $"resume names choice {state?.Choice}; the request has choices 0 to {choices - 1}, each with an array of token ids.");
            if (seen[state.Choice])
                return GenerationRefusals.Invalid("resume", $"resume names choice {state.Choice} twice. Name each choice once.");
            seen[state.Choice] = true;
            var wrong = FirstOutside(state.TokenIds, limits.Vocabulary);
            if (wrong >= 0)
                return GenerationRefusals.Invalid("resume", $"resume of choice {state.Choice} holds {state.TokenIds[wrong]} at position {wrong}, which is no id of this model; its vocabulary has ids 0 to {limits.Vocabulary - 1}.");
        }

        return null;
    }

    // Also true for NaN.
    private static bool Outside(float value, float least, float most) => !(value >= least && value <= most);

    private static GenerationAdmission Wrong(string param, float value, string rule) =>
        GenerationRefusals.Invalid(param, string.Create(CultureInfo.InvariantCulture, $"{param} is {value}; it is {rule}."));
}
