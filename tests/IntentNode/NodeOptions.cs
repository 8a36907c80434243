using System.Globalization;
using Meridian.Intents.Options;

namespace Meridian.IntentNode;

/// <summary>
/// The command line: <c>--kind raft|etcd --self NAME --directory DIR --host ADDRESS --control PORT --protocol PORT</c>, then <c>--voters NAME=CONSENSUS=PROTOCOL,...</c> or
/// <c>--endpoints URL,...</c>; optional <c>--snapshot-every N</c>.
/// </summary>
internal sealed class NodeOptions(string[] args)
{
    public string Host { get; } = Text(args, "host") ?? "127.0.0.1";

    public int Control { get; } = Number(args, "control") ?? throw new ArgumentException("--control PORT is missing.");

    public int Protocol { get; } = Number(args, "protocol") ?? throw new ArgumentException("--protocol PORT is missing.");

    public void Apply(IntentLogOptions options)
    {
        options.Kind = Enum.Parse<IntentLogKind>(Text(args, "kind") ?? "raft", ignoreCase: true);
        options.Self = Text(args, "self") ?? throw new ArgumentException("--self NAME is missing.");
        options.Directory = Text(args, "directory") ?? throw new ArgumentException("--directory DIR is missing.");
        options.EtcdEndpoints = [.. Split(Text(args, "endpoints"))];
        options.Voters = [.. Split(Text(args, "voters")).Select(Voter)];
        options.SnapshotEvery = Number(args, "snapshot-every") ?? options.SnapshotEvery;
        options.LowerElectionTimeoutMs = Number(args, "lower-election-ms") ?? options.LowerElectionTimeoutMs;
        options.UpperElectionTimeoutMs = Number(args, "upper-election-ms") ?? options.UpperElectionTimeoutMs;
    }

    private static IntentVoterOptions Voter(string text) => text.Split('=') is [var name, var consensus, var protocol]
        ? new IntentVoterOptions { Name = name, Consensus = consensus, Protocol = protocol }
        : throw new ArgumentException($"The voter '{text}' is not NAME=CONSENSUS=PROTOCOL.");

    private static string[] Split(string? list) => list?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static int? Number(string[] args, string name) => Text(args, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    private static string? Text(string[] args, string name)
    {
        var at = Array.IndexOf(args, "--" + name);
        return at < 0 || at + 1 >= args.Length ? null : args[at + 1];
    }
}
