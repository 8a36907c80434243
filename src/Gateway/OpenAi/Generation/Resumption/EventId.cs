using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// The <c>id</c> of an event: how far a caller has come, and all that another edge needs to go on with the same answer where the one that was lost left off. A text of visible
/// ASCII: <c>3.ID.CREATED.SEED.VERSION.VARIANT.ARITHMETIC.DIGEST.P0-P1f-...~.SIGNATURE</c>, where a P is a choice's tokens so far, with an <c>f</c> once its finish reason was sent. The <c>~</c> is
/// there once the answer is inexact. Ids of earlier builds begin with 2 and have neither arithmetic nor <c>~</c>.
/// </summary>
internal sealed partial record EventId
{
    private const int MaxLength = 4096;
    private const char InexactMark = '~';

    /// <value>Of the answer; drawn at random, so that nobody can name another's.</value>
    public required string Answer { get; init; }

    /// <value>Unix seconds.</value>
    public required long Created { get; init; }

    public required long Seed { get; init; }

    public required string Version { get; init; }

    public required string Variant { get; init; }

    /// <value><see cref="StreamHead.Arithmetic"/> of the answer; empty where it is not known.</value>
    public required string Arithmetic { get; init; }

    /// <value>Whether what the caller has may differ from what the same request gives again.</value>
    public required bool Inexact { get; init; }

    /// <value>See <see cref="RequestDigest"/>.</value>
    public required string Digest { get; init; }

    /// <value>Tokens received, a choice.</value>
    public required int[] Tokens { get; init; }

    /// <value>Choices whose finish reason was received.</value>
    public required bool[] Finished { get; init; }

    /// <value>See <see cref="EventIds"/>.</value>
    public required string Signature { get; init; }

    /// <value>What the signature is of.</value>
    public required string Signed { get; init; }

    /// <summary>What stays the same in all ids of an answer, up to and with the point before the places.</summary>
    public static string Prefix(string answer, long created, long seed, StreamHead head, string digest) =>
        string.Create(CultureInfo.InvariantCulture, $"3.{answer}.{created}.{seed}.{Escape(head.Version)}.{Escape(head.Variant)}.{Escape(head.Arithmetic)}.{digest}.");

    /// <summary>How far the choices have come.</summary>
    public static void Append(StringBuilder text, ReadOnlySpan<int> tokens, ReadOnlySpan<bool> finished, bool inexact)
    {
        for (var choice = 0; choice < tokens.Length; choice++)
        {
            if (choice > 0)
                text.Append('-');
            text.Append(CultureInfo.InvariantCulture, $"{tokens[choice]}");
            if (finished[choice])
                text.Append('f');
        }

        if (inexact)
            text.Append(InexactMark);
    }

    /// <summary>Whether what the caller has may differ from an answer with this head, which goes on for it or was computed again. An arithmetic that is not known counts as another.</summary>
    public bool MayDifferFrom(StreamHead head) => Inexact || (Tokens.Max() > 0 && (Arithmetic.Length == 0 || Arithmetic != head.Arithmetic));

    /// <summary>False for anything that is not an id of ours by its shape.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out EventId? id)
    {
        id = null;
        var fields = text.Split('.');

        // Of an earlier build: its arithmetic is not known.
        if (fields is ["2", .. { Length: 8 } known])
            fields = ["3", .. known[..5], "", .. known[5..]];
        if (text.Length > MaxLength
            || fields is not ["3", var answer, var created, var seed, { Length: > 0 } version, { Length: > 0 } variant, var arithmetic, { Length: > 0 } digest, { Length: > 0 } places, { Length: > 0 } signature]
            || !Drawn().IsMatch(answer)
            || signature.Length != EventIds.SignatureLength)
        {
            return false;
        }

        if (!long.TryParse(created, NumberStyles.None, CultureInfo.InvariantCulture, out var createdAt)
            || !long.TryParse(seed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seeded))
        {
            return false;
        }

        var inexact = places[^1] == InexactMark;
        var parts = (inexact ? places[..^1] : places).Split('-');
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
            Arithmetic = Uri.UnescapeDataString(arithmetic),
            Inexact = inexact,
            Digest = digest,
            Tokens = tokens,
            Finished = finished,
            Signature = signature,
            Signed = text[..^(signature.Length + 1)],
        };
        return true;
    }

    private static string Escape(string text) => Uri.EscapeDataString(text).Replace(".", "%2E", StringComparison.Ordinal);

    /// <summary>As <see cref="Answers.AnswerIdentity.DrawId"/> draws them.</summary>
    [GeneratedRegex(@"\A[a-z]+-[0-9a-f]{32}\z")]
    private static partial Regex Drawn();
}
