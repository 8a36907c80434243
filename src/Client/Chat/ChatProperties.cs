using System.Collections;
using System.Globalization;
using System.Text.Json;
using Meridian.Messages;
using Microsoft.Extensions.AI;

namespace Meridian.Client.Chat;

/// <summary>
/// Reads the settings that have no member in <see cref="ChatOptions"/>, by their names in the HTTP API. A value may be a .NET value or, if the options came
/// from JSON, a <see cref="JsonElement"/>.
/// </summary>
internal static class ChatProperties
{
    private const string MinP = "min_p";
    private const string RepetitionPenalty = "repetition_penalty";
    private const string Bias = "logit_bias";

    /// <exception cref="ArgumentException">A name is unknown, or a value has the wrong type.</exception>
    public static SamplingInput Apply(AdditionalPropertiesDictionary? properties, SamplingInput sampling)
    {
        if (properties is null)
            return sampling;
        foreach (var (name, value) in properties)
        {
            if (value is null or JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined })
                continue;
            sampling = name.ToLowerInvariant() switch
            {
                MinP => sampling with { MinP = Number(name, value) },
                RepetitionPenalty => sampling with { RepetitionPenalty = Number(name, value) },
                Bias => sampling with { LogitBias = Biases(name, value) },
                _ => throw new ArgumentException($"AdditionalProperties[\"{name}\"] means nothing to Meridian; there are {MinP}, {RepetitionPenalty} and {Bias}."),
            };
        }

        return sampling;
    }

    private static LogitBias[] Biases(string name, object value)
    {
        var biases = new List<LogitBias>();
        switch (value)
        {
            case IEnumerable<LogitBias> ready:
                biases.AddRange(ready);
                break;
            case JsonElement { ValueKind: JsonValueKind.Object } map:
                foreach (var entry in map.EnumerateObject())
                    biases.Add(new LogitBias(TokenId(name, entry.Name), Number($"{name}\"][\"{entry.Name}", entry.Value)));
                break;
            case IDictionary map:
                foreach (DictionaryEntry entry in map)
                    biases.Add(new LogitBias(TokenId(name, entry.Key), Number($"{name}\"][\"{entry.Key}", entry.Value)));
                break;
            default:
                throw Wrong(name, value, "must map token ids to numbers");
        }

        return [.. biases];
    }

    private static int TokenId(string name, object key) =>
        int.TryParse(Convert.ToString(key, CultureInfo.InvariantCulture), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw Wrong(name, key, "every key must be a token's id");

    private static float Number(string name, object? value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Number } element => element.GetSingle(),
        float or double or decimal or int or long or short or byte => Convert.ToSingle(value, CultureInfo.InvariantCulture),
        _ => throw Wrong(name, value, "must be a number"),
    };

    private static ArgumentException Wrong(string name, object? value, string rule) => new($"AdditionalProperties[\"{name}\"] is '{value}': {rule}.");
}
