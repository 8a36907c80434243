using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Meridian.Messages.Generation;

namespace Meridian.Gateway.Generation.Resumption;

/// <summary>
/// The <c>id</c> of an event: how far a caller has come, and all that another edge needs to go on with the same answer where the one that was lost left off. A text of visible
/// ASCII: <c>1.ID.CREATED.SEED.VERSION.VARIANT.P0-P1f-...</c>, where a P is a choice's tokens so far, with an <c>f</c> once its finish reason was sent.
/// </summary>
internal sealed record EventId
{
    private const int MaxLength = 4096;

    /// <value>Of the answer; drawn at random, so that nobody can name another's.</value>
    public required string Answer { get; init; }

    /// <value>Unix seconds.</value>
    public required long Created { get; init; }

    public required long Seed { get; init; }

    public required string Version { get; init; }

    public required string Variant { get; init; }

    /// <value>Tokens received, a choice.</value>
    public required int[] Tokens { get; init; }

    /// <value>Choices whose finish reason was received.</value>
    public required bool[] Finished { get; init; }

    /// <summary>What stays the same in all ids of an answer, up to and with the last point.</summary>
    public static string Prefix(string answer, long created, long seed, StreamHead head) =>
        string.Create(CultureInfo.InvariantCulture, $"1.{answer}.{created}.{seed}.{Escape(head.Version)}.{Escape(head.Variant)}.");

    /// <summary>How far the choices have come, as the end of an id.</summary>
    public static void Append(StringBuilder text, ReadOnlySpan<int> tokens, ReadOnlySpan<bool> finished)
    {
        for (var choice = 0; choice < tokens.Length; choice++)
        {
            if (choice > 0)
                text.Append('-');
            text.Append(CultureInfo.InvariantCulture, $"{tokens[choice]}");
            if (finished[choice])
                text.Append('f');
        }
    }

    /// <summary>False for anything that is not an id of ours.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out EventId? id)
    {
        id = null;
        if (text.Length > MaxLength || text.Split('.') is not ["1", { Length: > 0 } answer, var created, var seed, { Length: > 0 } version, { Length: > 0 } variant, var places])
            return false;
        if (!long.TryParse(created, NumberStyles.None, CultureInfo.InvariantCulture, out var createdAt)
            || !long.TryParse(seed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seeded))
            return false;
        var parts = places.Split('-');
        if (parts.Length > GenerationInput.MaxChoices)
            return false;
        var tokens = new int[parts.Length];
        var finished = new bool[parts.Length];
        for (var choice = 0; choice < parts.Length; choice++)
        {
            finished[choice] = parts[choice].EndsWith('f');
            if (!int.TryParse(parts[choice].AsSpan(0, parts[choice].Length - (finished[choice] ? 1 : 0)), NumberStyles.None, CultureInfo.InvariantCulture, out tokens[choice]))
                return false;
        }

        id = new EventId
        {
            Answer = answer,
            Created = createdAt,
            Seed = seeded,
            Version = Uri.UnescapeDataString(version),
            Variant = Uri.UnescapeDataString(variant),
            Tokens = tokens,
            Finished = finished,
        };
        return true;
    }

    private static string Escape(string text) => Uri.EscapeDataString(text).Replace(".", "%2E", StringComparison.Ordinal);
}
