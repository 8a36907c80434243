using System.Collections.Frozen;
using System.Text.Json;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>
/// Fields of OpenAI's API and of well-known servers that would change the answer and that this version does not support. Such a field is refused by name,
/// unless its value asks for nothing: null, false, an empty array or object, or the neutral value that is listed with the field.
/// Every other unknown field is skipped.
/// </summary>
internal static class UnsupportedFields
{
    /// <summary>Marks a field without a neutral value.</summary>
    private const string OnlyNull = "\0";

    private static readonly FrozenDictionary<string, string?> Names = new Dictionary<string, string?>
    {
        ["tools"] = null,
        ["tool_choice"] = "none",
        ["functions"] = null,
        ["function_call"] = "none",
        ["audio"] = null,
        ["reasoning_effort"] = "none",
        ["reasoning"] = null,
        ["verbosity"] = "medium",
        ["web_search_options"] = null,
        ["moderation"] = null,
        ["suffix"] = "",
        ["echo"] = null,
        ["best_of"] = "1",
        ["top_logprobs"] = "0",
        ["min_tokens"] = "0",
        ["stop_token_ids"] = null,
        ["include_stop_str_in_output"] = null,
        ["skip_special_tokens"] = "true",
        ["spaces_between_special_tokens"] = "true",
        ["bad_words"] = null,
        ["allowed_token_ids"] = null,
        ["prompt_logprobs"] = null,
        ["truncate_prompt_tokens"] = null,
        ["use_beam_search"] = null,
        ["length_penalty"] = "1",
        ["typical_p"] = "1",
        ["mirostat"] = "0",
        ["grammar"] = null,
        ["json_schema"] = null,
        ["structured_outputs"] = null,
        ["guided_json"] = null,
        ["guided_regex"] = null,
        ["guided_choice"] = null,
        ["guided_grammar"] = null,
        ["logits_processors"] = null,
        ["prompt_embeds"] = null,
        ["chat_template"] = null,
        ["chat_template_kwargs"] = null,
        ["documents"] = null,
        ["add_generation_prompt"] = "true",
        ["add_special_tokens"] = OnlyNull,
        ["continue_final_message"] = null,
        ["mm_processor_kwargs"] = null,
        ["thinking"] = null,
    }.ToFrozenDictionary();

    /// <summary>Reads the value of a field that no other reader knows. The reader stands at its name.</summary>
    public static void Read(ref JsonBody body, ref FieldErrors errors)
    {
        var name = body.Json.GetString()!;
        body.Json.Read();
        if (!Names.TryGetValue(name, out var neutral))
        {
            body.Json.Skip();
            return;
        }

        errors.Set(name, IsNeutral(ref body, neutral) ? null : ApiError.Unsupported(name, $"'{name}' is not supported{Except(neutral)}. Leave it out."));
    }

    private static string Except(string? neutral) => neutral is { Length: > 0 } and not OnlyNull ? $", other than as {neutral}" : "";

    /// <summary>Whether a value asks for nothing. Moves past the value.</summary>
    private static bool IsNeutral(ref JsonBody body, string? neutral)
    {
        ref var json = ref body.Json;
        switch (json.TokenType)
        {
            case JsonTokenType.Null:
                return true;
            case JsonTokenType.False:
                return neutral is not "true" and not OnlyNull;
            case JsonTokenType.True:
                return neutral == "true";
            case JsonTokenType.String:
                return neutral is not null && json.ValueTextEquals(neutral);
            case JsonTokenType.Number:
                return neutral is "0" or "1" && json.TryGetDouble(out var number) && number == (neutral == "0" ? 0 : 1);
            default:
                var before = json.CurrentDepth;
                json.Read();
                var empty = json.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject;
                while (json.CurrentDepth > before)
                {
                    json.Read();
                }

                return empty;
        }
    }
}
