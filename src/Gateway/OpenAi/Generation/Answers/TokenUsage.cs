using Meridian.Gateway.Http;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>The token counts of an answer.</summary>
/// <param name="Prompt">Tokens of all prompts, each prompt counted once.</param>
/// <param name="Cached">Prompt tokens that did not have to be computed.</param>
/// <param name="Completion">Generated tokens of all choices.</param>
internal readonly record struct TokenUsage(int Prompt, int Cached, long Completion)
{
    /// <summary>Maximum number of bytes that <see cref="Write"/> writes.</summary>
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
