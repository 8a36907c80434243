using System.Net;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Raft;

/// <summary>The settings of one <see cref="RaftMember"/>.</summary>
internal sealed record RaftSettings
{
    public required IntentVoter Self { get; init; }

    public required IPEndPoint Listen { get; init; }

    public required int LowerElectionTimeoutMs { get; init; }

    public required int UpperElectionTimeoutMs { get; init; }

    public required int SnapshotEvery { get; init; }

    public required ILoggerFactory LoggerFactory { get; init; }
}
