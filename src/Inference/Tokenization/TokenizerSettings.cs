using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tokenization;

/// <summary>The settings of <c>tokenizer_config.json</c> and <c>special_tokens_map.json</c> for the tokens that begin and end a text.</summary>
/// <param name="Begin">The token that begins a text; null if none is named.</param>
/// <param name="End">The token that ends a text; null if none is named.</param>
/// <param name="AddBegin">Whether <paramref name="Begin"/> is added to texts; null if <c>tokenizer.json</c> alone decides.</param>
/// <param name="AddEnd">Whether <paramref name="End"/> is added to texts; null if <c>tokenizer.json</c> alone decides.</param>
internal sealed record TokenizerSettings(string? Begin, string? End, bool? AddBegin, bool? AddEnd)
{
    private const string Configuration = "tokenizer_config.json";
    private const string SpecialTokens = "special_tokens_map.json";

    /// <exception cref="ModelPackageException">A file was altered, or is not JSON.</exception>
    public static TokenizerSettings Read(ModelPackage package)
    {
        using var configuration = Open(package, Configuration);
        using var map = Open(package, SpecialTokens);
        var (config, special) = (configuration?.RootElement, map?.RootElement);
        return new TokenizerSettings(
            Token(config, "bos_token") ?? Token(special, "bos_token"),
            Token(config, "eos_token") ?? Token(special, "eos_token"),
            Flag(config, "add_bos_token"),
            Flag(config, "add_eos_token"));
    }

    private static JsonDocument? Open(ModelPackage package, string name)
    {
        var tokenizer = package.Manifest.Tokenizer ?? "";
        var path = string.Concat(tokenizer.AsSpan(0, tokenizer.LastIndexOf('/') + 1), name);
        if (!Array.Exists(package.Manifest.Files, file => file.Path == path))
            return null;
        try
        {
            return JsonDocument.Parse(package.ReadFile(path));
        }
        catch (JsonException e)
        {
            var location = Path.Combine(package.Directory, path);
            throw new ModelPackageException(location, $"'{location}' of {package.Manifest.Id} is no JSON: {e.Message} Export it again.", e);
        }
    }

    // A token is a text, or an object that contains a text and rules for it. A text with an escaped half of a surrogate pair cannot be read. It is no token of
    // any vocabulary, so it counts as missing.
    private static string? Token(JsonElement? file, string name)
    {
        if (Member(file, name) is not { } value)
            return null;
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : Member(value, "content") is { ValueKind: JsonValueKind.String } content ? content.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool? Flag(JsonElement? file, string name) =>
        Member(file, name) is { ValueKind: JsonValueKind.True or JsonValueKind.False } value ? value.GetBoolean() : null;

    private static JsonElement? Member(JsonElement? file, string name) =>
        file is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty(name, out var value) ? value : null;
}
