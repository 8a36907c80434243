using Meridian.Gateway.Http;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>The tokens of an answer.</summary>
/// <param name="Prompt">Of all prompts, each once.</param>
/// <param name="Cached">Of those, the ones that did not have to be computed.</param>
/// <param name="Completion">Generated, all choices together.</param>
internal readonly record struct TokenUsage(int Prompt, int Cached, long Completion)
{
    /// <summary>Most bytes that <see cref="Write"/> writes.</summary>
    public const int Bound = 256;

    public void Write(ref JsonCursor cursor)
    {
        cursor.Raw("{\"prompt_tokens\":"u8);
        cursor.Number(Prompt);
        cursor.Raw(",\"completion_tokens\":"u8);
        cursor.Number(Completion);
        cursor.Raw(",\"total_tokens\":"u8);
        cursor.Number(Prompt + Completion);
        cursor.Raw(",\"prompt_tokens_details\":{\"cached_tokens\":"u8);
        cursor.Number(Cached);
        cursor.Raw("},\"completion_tokens_details\":{\"reasoning_tokens\":0}}"u8);
    }
}
