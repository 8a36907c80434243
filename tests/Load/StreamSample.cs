namespace Meridian.Load;

/// <summary>A streamed text as its caller saw it.</summary>
/// <param name="Index">0 for the load's first.</param>
/// <param name="Body">What was asked for.</param>
/// <param name="Started">When it was sent, since the start of the load.</param>
/// <param name="Done">When its last byte came.</param>
/// <param name="Region">Region that began it (<c>x-meridian-region</c>), or null.</param>
/// <param name="Text">All that came.</param>
/// <param name="Finish">Finish reason, or null where none came.</param>
/// <param name="PromptTokens">Of the usage.</param>
/// <param name="CompletionTokens">Of the usage.</param>
/// <param name="LongestGap">Longest time between two pieces of text.</param>
/// <param name="Error">Why it failed, or null.</param>
public sealed record StreamSample(
    int Index,
    StreamBody Body,
    TimeSpan Started,
    TimeSpan Done,
    string? Region,
    string Text,
    string? Finish,
    int PromptTokens,
    int CompletionTokens,
    TimeSpan LongestGap,
    string? Error)
{
    /// <value>Tokens and log probabilities, digit for digit as they came.</value>
    public IReadOnlyList<string> Scores { get; init; } = [];

    /// <value>False where the answer says that its bits may be others than those of the request alone.</value>
    public bool Exact { get; init; } = true;

    /// <value>Longest time between two pieces of text once a hundred tokens had come; zero where there were none.</value>
    public TimeSpan LateGap { get; init; }

    /// <summary>What differs from an undisturbed answer to the same request; null for nothing.</summary>
    public string? DifferenceTo(StreamSample undisturbed)
    {
        if (Error is not null)
            return Error;
        if (!DiffersInTextAlone(undisturbed))
            return $"finish {Finish}, {PromptTokens} + {CompletionTokens} tokens where {undisturbed.Finish}, {undisturbed.PromptTokens} + {undisturbed.CompletionTokens} were due";
        if (Text == undisturbed.Text)
        {
            var alike = Scores.Zip(undisturbed.Scores).TakeWhile(pair => pair.First == pair.Second).Count();
            return alike == Math.Max(Scores.Count, undisturbed.Scores.Count)
                ? null
                : $"the text is the same, but token {alike} came with {Scores.ElementAtOrDefault(alike)} where {undisturbed.Scores.ElementAtOrDefault(alike)} was due";
        }

        var same = 0;
        while (same < Math.Min(Text.Length, undisturbed.Text.Length) && Text[same] == undisturbed.Text[same])
            same++;
        return $"the text differs at character {same} of {undisturbed.Text.Length}: '{Text[same..Math.Min(Text.Length, same + 40)]}' where '{undisturbed.Text[same..Math.Min(undisturbed.Text.Length, same + 40)]}' was due";
    }

    /// <summary>Whether it came to its end, as the undisturbed answer did, with as many tokens.</summary>
    public bool DiffersInTextAlone(StreamSample undisturbed) =>
        Error is null && (Finish, PromptTokens, CompletionTokens) == (undisturbed.Finish, undisturbed.PromptTokens, undisturbed.CompletionTokens);

    public override string ToString() => $"#{Index} {Body.Name} begun in {Region ?? "no region"} at {Started.TotalSeconds:0.00} s, {(Done - Started).TotalMilliseconds:0} ms: {Error ?? Finish}";
}
