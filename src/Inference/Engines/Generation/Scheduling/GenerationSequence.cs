using Meridian.Inference.Engines.Generation.Streams;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// One choice: its ids, how much of them the cache holds, and what is needed to go on. Losing the cache loses nothing: everything is computed again from the ids.
/// Built on a caller's thread, then owned by the engine's.
/// </summary>
internal sealed class GenerationSequence
{
    private int[] _ids;

    /// <param name="stream">Where its tokens go.</param>
    /// <param name="choice">Index of the choice in the request.</param>
    /// <param name="prompt">What it continues.</param>
    /// <param name="generated">Ids that it has generated elsewhere.</param>
    /// <param name="limit">Most tokens, those of the prompt included.</param>
    /// <param name="isOpen">Whether the caller set no limit of its own.</param>
    /// <param name="sampler">Knows <paramref name="generated"/>.</param>
    /// <param name="text">Knows <paramref name="generated"/>.</param>
    /// <param name="logprobs">Alternatives wanted beside each token's log probability; null for none.</param>
    public GenerationSequence(
        GenerationStream stream, int choice, PromptRun prompt, ReadOnlySpan<int> generated, int limit, bool isOpen, Sampler sampler, ChoiceText text, int? logprobs)
    {
        Stream = stream;
        Choice = choice;
        Prompt = prompt;
        Limit = limit;
        IsOpen = isOpen;
        Sampler = sampler;
        Text = text;
        Logprobs = logprobs;
        _ids = [.. prompt.Ids, .. generated];
        Length = _ids.Length;
    }

    public GenerationStream Stream { get; }

    public int Choice { get; }

    public PromptRun Prompt { get; }

    /// <value>Most tokens, those of the prompt included.</value>
    public int Limit { get; }

    public bool IsOpen { get; }

    public Sampler Sampler { get; }

    public ChoiceText Text { get; }

    public int? Logprobs { get; }

    /// <value>Tokens of prompt and generated text.</value>
    public int Length { get; private set; }

    public int Generated => Length - Prompt.Ids.Length;

    /// <value>Prompt and generated ids.</value>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Length);

    public SequenceState State { get; set; }

    /// <value>On whose behalf.</value>
    public required string Tenant { get; init; }

    /// <value>Its tenant's line; set when it is queued.</value>
    public TenantLine Line { get; set; } = null!;

    /// <value>Order of arrival over all tenants: the youngest gives way.</value>
    public long Arrival { get; set; }

    /// <value>Whether it has been admitted before: it then no longer counts against the queue.</value>
    public bool Started { get; set; }

    /// <value>Place in the cache while running, else -1.</value>
    public int Slot { get; set; } = -1;

    /// <value>Tokens that the slot holds.</value>
    public int Computed { get; set; }

    /// <value>Tokens of cache set aside for it, at least <see cref="Computed"/>.</value>
    public int Reserved { get; set; }

    /// <value>How the tokens of the slot were computed.</value>
    public KvRoles Roles { get; set; }

    /// <value>Tokens to run before the next one can be chosen.</value>
    public int Pending => Length - Computed;

    /// <value>
    /// Whether keys and values are computed the same way whatever happens: the prompt in pieces of two or more, generated tokens one by one, also when they are computed again.
    /// Others take the fastest way, which computes again in pieces what was generated.
    /// </value>
    public required bool Reproducible { get; set; }

    /// <value>Tokens from the first that a reproducible sequence computes in pieces: its prompt. One token alone is no piece.</value>
    public int PieceTokens => Prompt.Ids.Length > 1 ? Prompt.Ids.Length : 0;

    /// <value>Tokens to be computed in pieces, as a prompt; below 2 the next token is computed alone.</value>
    public int PiecePending => (Reproducible ? PieceTokens : Length) - Computed;

    /// <value>Generated tokens to be computed again one by one before the next one can be chosen.</value>
    public int Replay => Reproducible ? Math.Max(0, Length - 1 - Math.Max(Computed, Prompt.Ids.Length)) : 0;

    /// <value>Whether it was under way elsewhere, and has no token from here yet: its reader has waited since it moved.</value>
    public bool Moved { get; set; }

    /// <value>Since when generated tokens are being computed again, or null. A timestamp.</value>
    public long? ReplaySince { get; set; }

    /// <value>Where the pace of its replay begins: a timestamp, and what was computed by then; null before.</value>
    public (long At, int Computed)? ReplayPace { get; set; }

    /// <value>Whether the next token to be computed was generated before, and is not the last one.</value>
    public bool Replays => PiecePending <= 1 && Pending > 1;

    /// <value>Most tokens that the cache must ever hold: the last one chosen is never run.</value>
    public int WorstCase => Limit - 1;

    /// <value>The last step that computed it.</value>
    public long LastStep { get; set; }

    /// <value>When it was last considered for a part of its prompt, whether or not its ring had room.</value>
    public long ConsideredFor { get; set; }

    /// <value>Since when its reader's ring has been full, or null. A timestamp.</value>
    public long? StalledAt { get; set; }

    /// <value>Those that it steps with until it is known whether it made a step fail; null for no suspect.</value>
    public SuspectGroup? Suspects { get; set; }

    /// <value>Tokens that it must have computed to be no suspect any more.</value>
    public int SuspectUntil { get; set; }

    /// <value>Its share of the engine's time, ms.</value>
    public double ServiceMs { get; set; }

    public void Append(int id)
    {
        if (Length == _ids.Length)
            Array.Resize(ref _ids, Math.Min(Limit, Math.Max(16, Length + (Length / 2))));
        _ids[Length++] = id;
    }
}
