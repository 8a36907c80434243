using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Meridian.Silo.Processes;

/// <summary>
/// Removes passwords and keys from texts that are printed: connection strings of Redis and Azure in all common forms, and messages that repeat them. In doubt,
/// it hides too much.
/// </summary>
internal static partial class Secrets
{
    public const string Hidden = "*****";

    // Shorter secrets also occur inside ordinary words. Replacing them would make every log line unreadable.
    private const int ShortestKnown = 4;

    private static readonly ConcurrentDictionary<string, byte> Known = new(StringComparer.Ordinal);

    /// <summary>Remembers the secrets of a connection string. From then on <see cref="RedactLine"/> hides them in any text.</summary>
    public static void Remember(string? connection)
    {
        foreach (var secret in In(connection).Where(static secret => secret.Length >= ShortestKnown))
        {
            Known.TryAdd(secret, 0);
        }
    }

    /// <summary>
    /// Hides the secrets in a log line or a message to a user: remembered secrets, named secrets, and secrets in addresses with a scheme. Addresses without a
    /// scheme stay as they are, because silo addresses and model versions look the same.
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

    /// <summary>Hides named secrets, and secrets in addresses with or without a scheme.</summary>
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

    /// <summary>Hides the secrets of a connection string wherever the text repeats them, and all other secrets of the text.</summary>
    /// <param name="text">A message, for example from a library.</param>
    /// <param name="connection">The connection string whose parts the message may repeat.</param>
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

    // password=, AccountKey=, sig= of a shared access signature, and similar names. The secret ends at the next separator; a quoted secret may contain
    // separators.
    [GeneratedRegex(
        """(?<name>(?<![A-Za-z])(?:(?:password|passwd|pwd)["']?\s*[=:]|(?:accountkey|account[ _-]key|sharedaccesskey|sharedaccesssignature|secret|api[_-]?key|access[_-]?key|access[_-]?token|sig|certificatepassword|sslpassword)(?:["']?\s*=|["']\s*:))\s*)(?<secret>"[^"]*"|'[^']*'|[^,;&\s"']+(?:=+)?)""",
        RegexOptions.IgnoreCase)]
    private static partial Regex Named();

    [GeneratedRegex("""(?<before>[A-Za-z][A-Za-z0-9+.-]*://(?:[^\s,;:@/"']*:)?)(?<secret>[^\s,;"'/]+)@(?=[A-Za-z0-9\[._-]+)""")]
    private static partial Regex InUrl();

    // user:secret@host, :secret@host, secret@host, with or without a scheme. The secret ends at the last @ before the host.
    [GeneratedRegex("""(?<before>(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^\s,;:@/"']*:)?)(?<secret>[^\s,;"']+)@(?=[A-Za-z0-9\[._-]+)""")]
    private static partial Regex InAddress();
}
