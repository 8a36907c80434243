using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Attempts;
using Meridian.Routing.Decision;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Edge;

/// <summary>The services and settings that attempts use.</summary>
internal sealed partial class EdgeContext(ILogger logger)
{
    public required FederationOptions Options { get; init; }

    public required IDirectoryFeed Directory { get; init; }

    public required IRegionTransport Transport { get; init; }

    public required IFailureReports Reports { get; init; }

    public required RoutingDirector Director { get; init; }

    public required InFlightLedger InFlight { get; init; }

    public required Random Random { get; init; }

    public required TimeProvider Time { get; init; }

    public ILogger Logger => logger;

    public required IAttemptReports Breakers { get; init; }

    /// <value>The edge's own region, or null in a front door.</value>
    public required ILocalRegion? Local { get; init; }

    public required AttemptSources Sources { get; init; }

    public TenantResidency Tenants { get; } = new();

    /// <value>Longest time of a request, ms.</value>
    public int LongestMs => (int)Options.Deadline.TotalMilliseconds;

    /// <value>Longest wait for a region while all regions are lost, ms.</value>
    public int WaitMs => (int)Math.Min(Options.WaitForRegion.TotalMilliseconds, LongestMs);

    /// <value>The requests that wait for a model.</value>
    public required ModelWaits ModelWaits { get; init; }

    /// <summary>Where a request's data may go. Uses the tenant's residency from the snapshot's intent, because it may have changed since the request came.</summary>
    public DataBoundary Boundary(DirectorySnapshot snapshot, InferRequest request) =>
        new DataBoundary(request.Residency, request.PermittedRegions).And(new DataBoundary(Tenants.Of(snapshot.Intent, request.Tenant), null));

    /// <summary>Tells the region's breaker how an attempt ended.</summary>
    public void Count(in Attempt attempt, AttemptOutcome outcome) => Breakers.Report(attempt.Region.Name, attempt.Incarnation, outcome);

    /// <summary>Tells liveness that the region of an attempt did not answer as a live region does.</summary>
    public void Report(in Attempt attempt) => Reports.ReportFailure(attempt.Region.Name, attempt.Incarnation);

    /// <summary>An attempt has succeeded: tells the breaker and records the cost of earlier failures.</summary>
    public void Answered(RequestAttempts attempts, in Attempt attempt)
    {
        Count(attempt, AttemptOutcome.Answered);
        attempts.Recovered(attempt);
    }

    // Level Debug: liveness already logs the loss of a region once, and metrics count the requests. One line per request would be hundreds of lines when a
    // region is killed under load.
    [LoggerMessage(2401, LogLevel.Debug, "Request {RequestId}: region {Region} was lost in attempt {Attempt}: {Reason}")]
    public partial void LogLost(string requestId, string region, int attempt, string? reason);

    [LoggerMessage(2403, LogLevel.Debug, "Request {RequestId}: region {Region} lost a replica in attempt {Attempt}: {Reason}")]
    public partial void LogReplicaLost(string requestId, string region, int attempt, string reason);

    [LoggerMessage(2402, LogLevel.Debug, "Request {RequestId}: its stream went on from region {Left} in region {Region} after {Tokens} tokens")]
    public partial void LogMoved(string requestId, string left, string region, long tokens);
}
