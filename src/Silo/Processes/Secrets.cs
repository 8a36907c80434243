using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Meridian.Silo.Processes;

/// <summary>
/// Takes passwords and keys out of texts that are printed: connection strings of Redis and Azure in all the forms that people write, and messages that repeat them. Prefers to hide too much.
/// </summary>
internal static partial class Secrets
{
    public const string Hidden = "*****";

    // Shorter ones occur in ordinary words, which no line of log would survive.
    private const int ShortestKnown = 4;

    private static readonly ConcurrentDictionary<string, byte> Known = new(StringComparer.Ordinal);

    /// <summary>Makes the secrets of a connection string known: from now on <see cref="RedactLine"/> hides them wherever they are.</summary>
    public static void Remember(string? connection)
    {
        foreach (var secret in In(connection).Where(static secret => secret.Length >= ShortestKnown))
        {
            Known.TryAdd(secret, 0);
        }
    }

    /// <summary>
    /// A line of log or a message to a user without secrets: known ones, named ones, and those in addresses with a scheme. An address without one is not taken apart: silos and versions of models are written alike.
    /// </summary>
    public static string RedactLine(string text)
    {
        foreach (var secret in Known.Keys)
        {
            text = text.Replace(secret, Hidden, StringComparison.Ordinal);
        }

        text = Named().Replace(text, "${name}" + Hidden);
        return InUrl().Replace(text, "${before}" + Hidden + "@");
    }

    /// <summary>The text without secrets.</summary>
    public static string Redact(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        text = Named().Replace(text, "${name}" + Hidden);
        text = InAddress().Replace(text, "${before}" + Hidden + "@");
        return text;
    }

    /// <summary>The text without secrets and without the values of settings that hold some, wherever they are repeated.</summary>
    /// <param name="text">A message, for example a library's.</param>
    /// <param name="connection">The connection string that it may repeat in parts.</param>
    public static string Redact(string? text, string? connection)
    {
        text ??= "";
        foreach (var secret in In(connection).OrderByDescending(static secret => secret.Length))
        {
            text = text.Replace(secret, Hidden, StringComparison.Ordinal);
        }

        return Redact(text);
    }

    private static IEnumerable<string> In(string? connection)
    {
        if (string.IsNullOrEmpty(connection))
        {
            yield break;
        }

        foreach (Match match in Named().Matches(connection))
        {
            if (match.Groups["secret"].Value.Trim('"', '\'') is { Length: > 0 } secret)
            {
                yield return secret;
            }
        }

        foreach (Match match in InAddress().Matches(connection))
        {
            if (match.Groups["secret"].Value is { Length: > 0 } secret)
            {
                yield return secret;
            }
        }
    }

    // password=, AccountKey=, sig= of a shared access signature, and their kin; up to the next separator. A quoted value may hold separators.
    [GeneratedRegex(
        """(?<name>(?<![A-Za-z])(?:(?:password|passwd|pwd)["']?\s*[=:]|(?:accountkey|account[ _-]key|sharedaccesskey|sharedaccesssignature|secret|api[_-]?key|access[_-]?key|access[_-]?token|sig|certificatepassword|sslpassword)(?:["']?\s*=|["']\s*:))\s*)(?<secret>"[^"]*"|'[^']*'|[^,;&\s"']+(?:=+)?)""",
        RegexOptions.IgnoreCase)]
    private static partial Regex Named();

    [GeneratedRegex("""(?<before>[A-Za-z][A-Za-z0-9+.-]*://(?:[^\s,;:@/"']*:)?)(?<secret>[^\s,;"'/]+)@(?=[A-Za-z0-9\[._-]+)""")]
    private static partial Regex InUrl();

    // user:secret@host, :secret@host, secret@host, with or without a scheme. The secret goes up to the last @ before the host.
    [GeneratedRegex("""(?<before>(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^\s,;:@/"']*:)?)(?<secret>[^\s,;"']+)@(?=[A-Za-z0-9\[._-]+)""")]
    private static partial Regex InAddress();
}
