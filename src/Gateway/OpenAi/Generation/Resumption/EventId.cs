using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// The <c>id</c> of an event. It tells how far the caller has come, and holds all that another edge needs to continue the same answer if the first edge is
/// lost.
/// The text is visible ASCII: <c>3.ID.CREATED.SEED.VERSION.VARIANT.ARITHMETIC.DIGEST.P0-P1f-...~.SIGNATURE</c>. Each P is the number of tokens of one choice
/// so far, followed by <c>f</c> once its finish reason was sent. The <c>~</c> is there once the answer is inexact.
/// Ids of earlier builds begin with 2 and have neither arithmetic nor <c>~</c>.
/// </summary>
internal sealed partial record EventId
{
    private const int MaxLength = 4096;
    private const char InexactMark = '~';

    /// <value>Id of the answer. It is random, so that nobody can guess the id of another caller's answer.</value>
    public required string Answer { get; init; }

    /// <value>When the answer was begun, Unix seconds.</value>
    public required long Created { get; init; }

    public required long Seed { get; init; }

    public required string Version { get; init; }

    public required string Variant { get; init; }

    /// <value><see cref="StreamHead.Arithmetic"/> of the answer; empty if unknown.</value>
    public required string Arithmetic { get; init; }

    /// <value>Whether the caller's tokens may differ from those that the same request would give again.</value>
    public required bool Inexact { get; init; }

    /// <value>See <see cref="RequestDigest"/>.</value>
    public required string Digest { get; init; }

    /// <value>Number of tokens that the caller has received of each choice.</value>
    public required int[] Tokens { get; init; }

    /// <value>Whether the caller has received the finish reason, for each choice.</value>
    public required bool[] Finished { get; init; }

    /// <value>See <see cref="EventIds"/>.</value>
    public required string Signature { get; init; }

    /// <value>The text that is signed: the id without its last point and signature.</value>
    public required string Signed { get; init; }

    /// <summary>The part that is the same in all ids of one answer: everything up to and including the point before the token counts.</summary>
    public static string Prefix(string answer, long created, long seed, StreamHead head, string digest) =>
        string.Create(CultureInfo.InvariantCulture, $"3.{answer}.{created}.{seed}.{Escape(head.Version)}.{Escape(head.Variant)}.{Escape(head.Arithmetic)}.{digest}.");

    /// <summary>Appends the token counts of the choices.</summary>
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

    /// <summary>
    /// Whether the caller's tokens may differ from the tokens of a stream with this head, which continues or repeats the answer. An unknown arithmetic counts
    /// as a different one.
    /// </summary>
    public bool MayDifferFrom(StreamHead head) => Inexact || (Tokens.Max() > 0 && (Arithmetic.Length == 0 || Arithmetic != head.Arithmetic));

    /// <summary>Parses an id. Returns false if the text does not have the shape of an id of ours. Does not check the signature.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out EventId? id)
    {
        id = null;
        var fields = text.Split('.');

        // An id of an earlier build. Its arithmetic is not known.
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

    /// <summary>The pattern of the ids that <see cref="Answers.AnswerIdentity.DrawId"/> draws.</summary>
    [GeneratedRegex(@"\A[a-z]+-[0-9a-f]{32}\z")]
    private static partial Regex Drawn();
}
