using Meridian.Inference.Engines.Generation.Contract;

namespace Meridian.Inference.Engines.Generation.Requests;

/// <summary>Builds refusals. Their messages say what is wrong, give the wrong value and tell what to do. Callers see them unchanged.</summary>
internal static class GenerationRefusals
{
    public static GenerationAdmission Invalid(string param, string message) => new() { Status = GenerationStatus.Invalid, Param = param, Message = message };

    public static GenerationAdmission QueueFull(int choices, int waiting, int capacity, int retryAfterMs) => new()
    {
        Status = GenerationStatus.QueueFull,
        RetryAfterMs = retryAfterMs,
        Message = $"The queue holds {waiting} of {capacity} sequences and has no room for {choices} more. Try again in {retryAfterMs} ms, or ask for fewer at a time.",
    };

    /// <param name="param">Name of the prompt's field.</param>
    /// <param name="length">Number of tokens read from the prompt.</param>
    /// <param name="isComplete">Whether these are all tokens of the prompt; false if there are more.</param>
    /// <param name="maxTokens">Number of requested tokens, or null if the caller set no limit.</param>
    /// <param name="limits">The limits that were exceeded.</param>
    public static GenerationAdmission TooLong(string param, int length, bool isComplete, int? maxTokens, GenerationLimits limits)
    {
        var prompt = isComplete ? $"{length} tokens" : $"more than {length - 1} tokens";
        var wanted = maxTokens is { } most ? $", and max_tokens asks for {most} more" : ", and at least 1 more is to be generated";
        var limit = limits.SequenceTokens == limits.ContextLength
            ? $"This model's maximum context length is {limits.ContextLength} tokens"
            : $"This model's maximum context length is {limits.ContextLength} tokens, of which this engine's key and value cache has memory for {limits.SequenceTokens}";
        var remedy = maxTokens is null ? "Shorten the prompt." : "Shorten the prompt or ask for fewer tokens.";
        return new GenerationAdmission
        {
            Status = GenerationStatus.TooLong,
            Param = maxTokens is not null && isComplete && length < limits.SequenceTokens ? "max_tokens" : param,
            Message = $"{limit}. {param} has {prompt}{wanted}. {remedy}",
        };
    }
}
