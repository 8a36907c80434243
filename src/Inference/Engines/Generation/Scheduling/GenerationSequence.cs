using Meridian.Inference.Engines.Generation.Streams;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// One choice of a request: its ids, how many of them the KV cache holds, and the state needed to continue. Losing the cache loses no data: everything can be
/// computed again from the ids. Built on a caller's thread, then owned by the engine's thread.
/// </summary>
internal sealed class GenerationSequence
{
    private int[] _ids;

    /// <param name="stream">Receives the tokens.</param>
    /// <param name="choice">Index of the choice in the request.</param>
    /// <param name="prompt">The prompt that the choice continues.</param>
    /// <param name="generated">Ids that the choice has already generated at another replica.</param>
    /// <param name="limit">Most tokens, including the prompt.</param>
    /// <param name="isOpen">Whether the caller set no limit of its own.</param>
    /// <param name="sampler">Has already counted <paramref name="generated"/>.</param>
    /// <param name="text">Has already read <paramref name="generated"/>.</param>
    /// <param name="logprobs">Number of alternatives to report with each token's log probability; null for no log probabilities.</param>
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

    /// <value>Most tokens, including the prompt.</value>
    public int Limit { get; }

    public bool IsOpen { get; }

    public Sampler Sampler { get; }

    public ChoiceText Text { get; }

    public int? Logprobs { get; }

    /// <value>Number of tokens of prompt and generated text.</value>
    public int Length { get; private set; }

    public int Generated => Length - Prompt.Ids.Length;

    /// <value>Prompt and generated ids.</value>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Length);

    public SequenceState State { get; set; }

    /// <value>The tenant that the sequence runs for.</value>
    public required string Tenant { get; init; }

    /// <value>The tenant's line in the queue. Set when the sequence is queued.</value>
    public TenantLine Line { get; set; } = null!;

    /// <value>Order of arrival over all tenants. The youngest sequence is preempted first.</value>
    public long Arrival { get; set; }

    /// <value>Whether the sequence has been admitted before. Then it no longer counts against the queue's capacity.</value>
    public bool Started { get; set; }

    /// <value>Slot in the KV cache while the sequence runs, else -1.</value>
    public int Slot { get; set; } = -1;

    /// <value>Number of tokens that the slot holds.</value>
    public int Computed { get; set; }

    /// <value>Tokens of cache memory reserved for the sequence, at least <see cref="Computed"/>.</value>
    public int Reserved { get; set; }

    /// <value>How the tokens of the slot were computed.</value>
    public KvRoles Roles { get; set; }

    /// <value>Number of tokens to compute before the next one can be sampled.</value>
    public int Pending => Length - Computed;

    /// <value>
    /// Whether keys and values must always be computed the same way: the prompt in pieces of two or more tokens, generated tokens one by one, even when they
    /// are computed again. Other sequences use the fastest way: they compute generated tokens again in pieces.
    /// </value>
    public required bool Reproducible { get; set; }

    /// <value>Number of leading tokens that a reproducible sequence computes in pieces: its prompt. A prompt of one token is not a piece.</value>
    public int PieceTokens => Prompt.Ids.Length > 1 ? Prompt.Ids.Length : 0;

    /// <value>Number of tokens to compute in pieces, like a prompt. Below 2, the next token is computed alone.</value>
    public int PiecePending => (Reproducible ? PieceTokens : Length) - Computed;

    /// <value>Number of generated tokens to compute again, one by one, before the next one can be sampled.</value>
    public int Replay => Reproducible ? Math.Max(0, Length - 1 - Math.Max(Computed, Prompt.Ids.Length)) : 0;

    /// <value>Whether the sequence moved here from another replica and has not yet emitted a token here. Its reader has been waiting since the move.</value>
    public bool Moved { get; set; }

    /// <value>Timestamp of the start of the replay of generated tokens, or null.</value>
    public long? ReplaySince { get; set; }

    /// <value>Start of the pace measurement of the replay: a timestamp, and the number of tokens computed by then. Null before.</value>
    public (long At, int Computed)? ReplayPace { get; set; }

    /// <value>Whether the next token to compute was generated before and is not the last one.</value>
    public bool Replays => PiecePending <= 1 && Pending > 1;

    /// <value>Most tokens that the cache must ever hold. The last sampled token is never computed, so it needs no room.</value>
    public int WorstCase => Limit - 1;

    /// <value>Number of the last step that computed the sequence.</value>
    public long LastStep { get; set; }

    /// <value>Number of the last round that considered the sequence for a chunk of its prompt, whether or not its ring had room.</value>
    public long ConsideredFor { get; set; }

    /// <value>Timestamp since when the ring of its stream has been full, or null.</value>
    public long? StalledAt { get; set; }

    /// <value>The group that the sequence runs with until it is known whether it made a step fail. Null if it is not a suspect.</value>
    public SuspectGroup? Suspects { get; set; }

    /// <value>Number of tokens that the sequence must have computed to be cleared as a suspect.</value>
    public int SuspectUntil { get; set; }

    /// <value>Share of the engine's time that the sequence has used, ms.</value>
    public double ServiceMs { get; set; }

    public void Append(int id)
    {
        if (Length == _ids.Length)
            Array.Resize(ref _ids, Math.Min(Limit, Math.Max(16, Length + (Length / 2))));
        _ids[Length++] = id;
    }
}
