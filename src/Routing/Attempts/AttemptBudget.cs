using System.Diagnostics.CodeAnalysis;
using Meridian.Messages;

namespace Meridian.Routing.Attempts;

/// <summary>
/// The attempts that one request may cost, the time it may take, and the places that have failed it. An edge is the only owner of retries: a region makes one
/// attempt at one replica, so a request costs at most as many calls to shards as its budget has attempts. Not thread-safe.
/// </summary>
/// <param name="attempts">Number of attempts that the request may cost. A hedge is one of them.</param>
/// <param name="deadlineMs">Deadline of the request, ms from its start.</param>
public sealed class AttemptBudget(int attempts, int deadlineMs)
{
    private int _spent;
    private string[]? _tried;
    private int _triedCount;
    private List<FailedRegion>? _failed;

    /// <value>Deadline of the request, ms from its start.</value>
    public int DeadlineMs => deadlineMs;

    /// <value>Number of attempts begun since the request entered.</value>
    public int Begun { get; private set; }

    /// <value>Number of attempts that are left.</value>
    public int Left => attempts - _spent;

    /// <value>The regions that this request has tried. Only <see cref="Kept"/> and <see cref="Open"/> are tried again.</value>
    public ReadOnlySpan<string> Tried => _tried.AsSpan(0, _triedCount);

    /// <value>The region that the next attempt goes to again, because only one of its replicas failed. Null if another region is better.</value>
    public string? Kept { get; private set; }

    /// <value>Tried regions with a replica that has not failed this request. They are better than no region.</value>
    public string[] Open => _failed is null ? [] : [.. _failed.Where(failed => failed.Again).Select(failed => failed.Region)];

    /// <summary>Time left when <paramref name="elapsedMs"/> have passed, ms. Zero: no attempt may begin.</summary>
    public int RemainingMs(int elapsedMs) => Math.Max(0, deadlineMs - elapsedMs);

    /// <summary>Begins an attempt at a region. Returns its number, from 1.</summary>
    /// <exception cref="InvalidOperationException">No attempt is left.</exception>
    public int Begin(string region)
    {
        ArgumentNullException.ThrowIfNull(region);
        if (Left <= 0)
            throw new InvalidOperationException($"The request has spent its {attempts} attempts.");
        _spent++;
        Kept = null;
        Leave(region);
        return ++Begun;
    }

    /// <summary>An attempt at a region has ended without an answer: decides what follows, and remembers the replica that failed.</summary>
    /// <param name="region">The region.</param>
    /// <param name="refusal">The region's refusal, or null.</param>
    /// <param name="facts">The other facts about the attempt.</param>
    public AttemptVerdict End(string region, Refusal? refusal, in AttemptFacts facts)
    {
        Kept = null;
        var replica = ReplicaFault.Of(refusal);
        var failed = replica == ReplicaOutcome.None ? null : Fail(region, refusal!);
        var judged = facts with { Refusal = refusal?.Code, Replica = replica, Again = failed?.Again ?? false, Faults = failed?.Faults ?? 0 };
        var verdict = AttemptRules.Judge(judged);
        if (verdict.Next == NextStep.SameRegion)
            Kept = region;
        return verdict;
    }

    /// <summary>The replicas of a region that have failed this request and are not asked again, or null.</summary>
    public string[]? Excluded(string region) => Find(region) is { Replicas: { Count: > 0 } replicas } ? [.. replicas] : null;

    /// <summary>Leaves a region: it is not tried again.</summary>
    public void Leave(string region)
    {
        if (_triedCount > 0 && Tried.Contains(region))
            return;
        _tried ??= new string[4];
        if (_triedCount == _tried.Length)
            Array.Resize(ref _tried, _triedCount * 2);
        _tried[_triedCount++] = region;
    }

    /// <summary>All regions and replicas may be tried again, because they may have restarted while the request waited.</summary>
    public void Forget()
    {
        _triedCount = 0;
        _failed = null;
        Kept = null;
    }

    /// <summary>The request has made progress: it has the whole budget again.</summary>
    public void Renew()
    {
        _spent = 0;
        Forget();
    }

    /// <summary>A stream under way has lost its replica. The next attempt goes to the same region if another replica can go on there.</summary>
    public void Lose(string region, Refusal refusal)
    {
        if (Fail(region, refusal) is { Again: true, Faults: < AttemptRules.FaultsOfRegion })
            Kept = region;
    }

    private FailedRegion Fail(string region, Refusal refusal)
    {
        if (!Find(region, out var failed))
            (_failed ??= []).Add(failed = new FailedRegion(region));
        failed.Faults++;
        failed.Again = refusal.Again;
        if (refusal.Replica is { } replica && !failed.Replicas.Contains(replica))
            failed.Replicas.Add(replica);
        return failed;
    }

    private FailedRegion? Find(string region) => Find(region, out var failed) ? failed : null;

    private bool Find(string region, [NotNullWhen(true)] out FailedRegion? failed)
    {
        failed = _failed?.Find(known => known.Region == region);
        return failed is not null;
    }

    private sealed class FailedRegion(string region)
    {
        public string Region => region;

        public List<string> Replicas { get; } = [];

        public int Faults { get; set; }

        public bool Again { get; set; }
    }
}
