using System.Text;
using System.Text.Json;
using Meridian.Inference.Packages;
using Meridian.Jinja.Syntax;

namespace Meridian.Inference.Tokenization.Chat;

/// <summary>
/// Finds a package's chat template: <c>chat_template.jinja</c> beside the tokenizer, otherwise <c>chat_template</c> in <c>tokenizer_config.json</c>. The latter
/// is a text or a list of named texts, of which <c>default</c> is used. The template's special tokens come from <c>tokenizer_config.json</c>, otherwise from
/// <c>special_tokens_map.json</c>.
/// </summary>
internal static class ChatTemplateFile
{
    private const string Template = "chat_template.jinja";
    private const string Configuration = "tokenizer_config.json";
    private const string SpecialTokens = "special_tokens_map.json";

    /// <summary>Maximum number of characters of a template.</summary>
    private const int Longest = 1 << 20;

    /// <summary>Reads the template. Null if the package has none.</summary>
    /// <exception cref="ModelPackageException">A file was altered, or the template cannot be used. The message names file, line and reason.</exception>
    public static ChatTemplate? Load(ModelPackage package, TimeProvider time)
    {
        using var configuration = Json(package, Configuration);
        var (source, file) = Read(package, Template) is { } bytes
            ? (Encoding.UTF8.GetString(bytes), Template)
            : (Sound(package, Configuration, () => Named(configuration?.RootElement)), Configuration);
        if (source is null)
            return null;
        var location = Path.Combine(package.Directory, Beside(package, file));
        if (source.Length > Longest)
            throw new ModelPackageException(location, $"Chat template '{location}' of {package.Manifest.Id} has {source.Length} characters; {Longest} are allowed.");

        using var map = Json(package, SpecialTokens);
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        Sound(package, SpecialTokens, () => Add(tokens, map?.RootElement));
        Sound(package, Configuration, () => Add(tokens, configuration?.RootElement));
        try
        {
            return ChatTemplate.Parse(source, tokens, time);
        }
        catch (TemplateSyntaxException e)
        {
            throw new ModelPackageException(
                location, $"Chat template '{location}' of {package.Manifest.Id}, {e.Message}. Correct it, or remove it to serve the model without chat.", e);
        }
    }

    private static string? Named(JsonElement? configuration)
    {
        if (configuration is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("chat_template", out var template))
            return null;
        if (template.ValueKind == JsonValueKind.String)
            return template.GetString();
        if (template.ValueKind != JsonValueKind.Array)
            return null;
        foreach (var named in template.EnumerateArray())
        {
            if (Member(named, "name") == "default")
                return Member(named, "template");
        }

        return null;
    }

    private static int Add(Dictionary<string, string> tokens, JsonElement? file)
    {
        if (file is not { ValueKind: JsonValueKind.Object } root)
            return 0;
        foreach (var member in root.EnumerateObject())
        {
            if (!member.Name.EndsWith("_token", StringComparison.Ordinal))
                continue;
            var token = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : Member(member.Value, "content");
            if (token is not null)
                tokens[member.Name] = token;
        }

        return tokens.Count;
    }

    private static string? Member(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    // A JSON text may contain an escaped half of a surrogate pair. Such a file parses, but reading the text fails.
    private static T Sound<T>(ModelPackage package, string name, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException e)
        {
            var location = Path.Combine(package.Directory, Beside(package, name));
            throw new ModelPackageException(location, $"'{location}' of {package.Manifest.Id} has a text that cannot be read: {e.Message} Export it again.", e);
        }
    }

    private static JsonDocument? Json(ModelPackage package, string name)
    {
        if (Read(package, name) is not { } json)
            return null;
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            var location = Path.Combine(package.Directory, Beside(package, name));
            throw new ModelPackageException(location, $"'{location}' of {package.Manifest.Id} is no JSON: {e.Message} Export it again.", e);
        }
    }

    private static byte[]? Read(ModelPackage package, string name)
    {
        var path = Beside(package, name);
        return Array.Exists(package.Manifest.Files, file => file.Path == path) ? package.ReadFile(path) : null;
    }

    private static string Beside(ModelPackage package, string name)
    {
        var tokenizer = package.Manifest.Tokenizer ?? "";
        return string.Concat(tokenizer.AsSpan(0, tokenizer.LastIndexOf('/') + 1), name);
    }
}
