using System.Buffers;
using System.Globalization;
using System.Text;

namespace Meridian.Intents.State;

/// <summary>
/// The rules for a change before it is proposed. Every member applies every log entry for ever, so a malformed change must never get into the log.
/// </summary>
public static class IntentRules
{
    /// <summary>Maximum number of writes, and of conditions, in one change.</summary>
    public const int MaxWrites = 128;

    /// <summary>Maximum size of a value, bytes.</summary>
    public const int MaxValueBytes = 1024 * 1024;

    /// <summary>Maximum total size of the values of one change, bytes. An entry must reach a follower over a slow link within the election timeout.</summary>
    public const int MaxChangeBytes = 4 * 1024 * 1024;

    /// <summary>Maximum length of a name, and of an author, characters.</summary>
    public const int MaxName = 256;

    /// <summary>Maximum size of a digest, bytes. Every snapshot has up to 16,384 digests.</summary>
    public const int MaxDigestBytes = 32;

    /// <summary>Maximum length of a kind, characters.</summary>
    public const int MaxKind = 64;

    private static readonly SearchValues<char> Controls = SearchValues.Create([.. Enumerable.Range(0, 0xa0).Select(code => (char)code).Where(char.IsControl), '\u2028', '\u2029']);

    /// <exception cref="ArgumentException">The message names the rule, and the value that breaks it.</exception>
    public static void Check(IntentChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (change.Operation == Guid.Empty)
            throw Broken("Operation is empty; give every change an id of its own, so that it can be repeated safely.");
        if (change.Author is null || change.Author.Length > MaxName || !IsText(change.Author) || HasControls(change.Author))
            throw Broken($"Author is not well-formed text of at most {MaxName} characters without control characters.");
        if (change.Digest is { Length: 0 or > MaxDigestBytes })
            throw Broken($"Digest has {change.Digest.Length} bytes; it must have 1 to {MaxDigestBytes}, or be left out.");
        CheckWrites(change.Writes);
        if (change.Conditions is null || change.Conditions.Length > MaxWrites)
            throw Broken($"Conditions has {change.Conditions?.Length.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "no"} entries; there may be 0 to {MaxWrites}.");
        foreach (var condition in change.Conditions)
        {
            CheckKey(condition.Key, "a condition");
            if (condition.Epoch < 0)
                throw Broken($"The condition on '{condition.Key}' has epoch {condition.Epoch}; it must be 0 (does not exist) or more.");
        }
    }

    /// <exception cref="ArgumentException">The message names the rule, and the value that breaks it.</exception>
    public static void Check(IntentVoter voter)
    {
        ArgumentNullException.ThrowIfNull(voter);
        CheckVoterName(voter.Name);
        if (!ConsensusAddress.TryParse(voter.Consensus, out _))
            throw Broken($"The voter '{voter.Name}' has Consensus '{voter.Consensus}'; it must be host:port, for example '10.1.0.4:8191'.");
        if (voter.Protocol is not { IsAbsoluteUri: true } || (voter.Protocol.Scheme != Uri.UriSchemeHttp && voter.Protocol.Scheme != Uri.UriSchemeHttps))
            throw Broken($"The voter '{voter.Name}' has Protocol '{voter.Protocol}'; it must be an absolute http or https address.");
    }

    /// <exception cref="ArgumentException">The name is empty, too long or not well-formed.</exception>
    public static void CheckVoterName(string name)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > MaxName || name.Contains('/', StringComparison.Ordinal) || !IsText(name) || HasControls(name))
            throw Broken($"The voter's name '{Shown(name)}' is not well-formed text of 1 to {MaxName} characters without control characters and '/'.");
    }

    private static void CheckWrites(IntentWrite[] writes)
    {
        if (writes is null || writes.Length == 0)
            throw Broken("Writes is empty; a change makes at least one.");
        if (writes.Length > MaxWrites)
            throw Broken($"Writes has {writes.Length} entries; a change makes at most {MaxWrites}.");
        var keys = new HashSet<IntentKey>();
        var bytes = 0L;
        foreach (var write in writes)
        {
            CheckKey(write.Key, "a write");
            if (write.Value is not null && (HasControls(write.Key.Kind) || HasControls(write.Key.Name)))
                throw Broken($"The key '{Shown(write.Key.ToString())}' has a control character; such a record can only be deleted.");
            if (!keys.Add(write.Key))
                throw Broken($"Writes has '{write.Key}' twice; a change writes a key at most once.");
            if (write.Value?.Length > MaxValueBytes)
                throw Broken($"The value for '{write.Key}' is {write.Value.Length} bytes; it may be at most {MaxValueBytes}.");
            bytes += write.Value?.Length ?? 0;
        }

        if (bytes > MaxChangeBytes)
            throw Broken($"The values of the change are {bytes} bytes together; they may be at most {MaxChangeBytes}. Split the change.");
    }

    private static void CheckKey(IntentKey key, string where)
    {
        if (string.IsNullOrEmpty(key.Kind) || key.Kind.Length > MaxKind || !IsText(key.Kind))
            throw Broken($"The kind '{Shown(key.Kind)}' of {where} is not well-formed text of 1 to {MaxKind} characters.");
        if (string.IsNullOrEmpty(key.Name) || key.Name.Length > MaxName || !IsText(key.Name))
            throw Broken($"The name '{Shown(key.Name)}' of {where} (kind '{key.Kind}') is not well-formed text of 1 to {MaxName} characters.");
    }

    // A lone surrogate does not survive UTF-8: two different keys in memory would become the same key on disk.
    private static bool IsText(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out _, out var consumed) != System.Buffers.OperationStatus.Done)
                return false;
            i += consumed;
        }

        return true;
    }

    private static bool HasControls(string text) => text.AsSpan().ContainsAny(Controls);

    // Escapes control characters, because the messages with the wrong value go into logs.
    private static string Shown(string? text) => text is null ? "" : string.Concat(text.Select(c => char.IsControl(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString()));

    private static ArgumentException Broken(string rule) => new($"The change is refused: {rule}");
}
