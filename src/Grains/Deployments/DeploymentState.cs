using MessagePack;

namespace Meridian.Grains.Deployments;

/// <summary>
/// The state of a deployment in the region's store. Old records stay readable forever: add fields under new keys and never renumber them.
/// </summary>
[MessagePackObject]
public sealed record DeploymentState
{
    /// <summary>Number of changes that are kept. An operation id is remembered as long as its change.</summary>
    public const int MaxHistory = 256;

    /// <value>The newest requested number of replicas. Null until someone requests a number; the region's options decide until then.</value>
    [Key(0)] public int? Replicas { get; init; }

    /// <value>Sequence of the newest change, 0 for none.</value>
    [Key(1)] public long Sequence { get; init; }

    /// <value>The newest changes, oldest first. At most <see cref="MaxHistory"/>.</value>
    [Key(2)] public ScaleRecord[] History { get; init; } = [];

    /// <value>
    /// Numbers of the replicas, in the order of the table. Null while they are simply 0, 1, 2 and so on. A replacement has another number than the
    /// replica that left, and a later activation must find the replacements.
    /// </value>
    [Key(3)] public int[]? Numbers { get; init; }

    /// <value>
    /// The same for each version and variant, as <c>version/variant</c>. Null in records of builds that served one version at a time; <see cref="Numbers"/> then holds for
    /// every version.
    /// </value>
    [Key(4)] public Dictionary<string, int[]>? NumbersByVersion { get; init; }

    /// <value>The versions and variants of <see cref="NumbersByVersion"/>. Their names contain no slash.</value>
    [IgnoreMember]
    internal IEnumerable<(string Version, string Variant)> Versions =>
        (NumbersByVersion ?? []).Select(static of => of.Key.Split('/')).Where(static name => name.Length == 2).Select(static name => (name[0], name[1]));

    /// <summary>The stored numbers of a version's replicas, or null while they are simply 0, 1, 2 and so on.</summary>
    public int[]? NumbersOf(string version, string variant) =>
        NumbersByVersion is { } all ? all.GetValueOrDefault(NameOf(version, variant)) : Numbers;

    /// <summary>The numbers for <paramref name="replicas"/> replicas of a version: first the stored numbers, then the smallest free ones.</summary>
    public int[] NumbersFor(string version, string variant, int replicas)
    {
        var numbers = new List<int>(NumbersOf(version, variant) ?? []);
        if (numbers.Count > replicas) numbers.RemoveRange(replicas, numbers.Count - replicas);
        for (var next = 0; numbers.Count < replicas; next++)
        {
            if (!numbers.Contains(next)) numbers.Add(next);
        }

        return [.. numbers];
    }

    /// <summary>The state with other numbers; this state if they are the same.</summary>
    /// <param name="numbers">Of every version that the deployment has; the first is the one that builds with one version at a time read.</param>
    public DeploymentState WithNumbers(IReadOnlyList<(string Version, string Variant, int[] Numbers)> numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        var same = NumbersByVersion is { } stored && stored.Count == numbers.Count
            && numbers.All(of => stored.TryGetValue(NameOf(of.Version, of.Variant), out var known) && known.AsSpan().SequenceEqual(of.Numbers));
        return same ? this : this with
        {
            Numbers = numbers.Count > 0 ? numbers[0].Numbers : null,
            NumbersByVersion = numbers.ToDictionary(static of => NameOf(of.Version, of.Variant), static of => of.Numbers),
        };
    }

    /// <summary>The state of a model that was removed: no requested number and no replicas. This state if it has none of them.</summary>
    public DeploymentState Forget() => this is { Replicas: null, Numbers: null, NumbersByVersion: null } ? this : this with { Replicas = null, Numbers = null, NumbersByVersion = null };

    /// <summary>Finds the change with an operation id. Null if it is not in the history.</summary>
    public ScaleRecord? Find(string operationId)
    {
        for (var i = History.Length - 1; i >= 0; i--)
        {
            if (string.Equals(History[i].OperationId, operationId, StringComparison.Ordinal)) return History[i];
        }

        return null;
    }

    /// <summary>The state after a change. The last entry of <see cref="History"/> is the record of the change.</summary>
    public DeploymentState With(ScaleChange change, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(change);
        var record = new ScaleRecord
        {
            Sequence = Sequence + 1,
            OperationId = change.OperationId,
            Replicas = change.Replicas,
            By = change.By,
            Reason = change.Reason,
            At = at,
        };
        var kept = History.AsSpan(Math.Max(0, History.Length + 1 - MaxHistory));
        return new DeploymentState { Replicas = change.Replicas, Sequence = record.Sequence, History = [.. kept, record], Numbers = Numbers, NumbersByVersion = NumbersByVersion };
    }

    /// <summary>
    /// An exclusive upper bound of all numbers that a replica of a version may have. It covers every remembered change, the stored numbers, and one more number: a
    /// replacement may have been loading when the deployment was lost.
    /// </summary>
    public int HighWater(string version, string variant)
    {
        var most = Replicas ?? 0;
        foreach (var record in History) most = Math.Max(most, record.Replicas);
        foreach (var number in NumbersOf(version, variant) ?? []) most = Math.Max(most, number + 1);
        return most == 0 ? 0 : most + 1;
    }

    private static string NameOf(string version, string variant) => $"{version}/{variant}";
}
