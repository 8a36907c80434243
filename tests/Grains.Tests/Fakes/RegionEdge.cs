using System.Collections.Frozen;
using Meridian.Federation.Configuration;
using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing;
using Meridian.Routing.Attempts;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>The edge of an installation with one region: the owner of retries, over the region as its process sees it.</summary>
internal sealed class RegionEdge : IDirectoryFeed, IRegionTransport, IFailureReports, IAttemptReports
{
    private readonly ILocalRegion _region;
    private readonly EdgeDispatcher _edge;
    private DirectorySnapshot _current;
    private RegionStatus? _status;

    public RegionEdge(ILocalRegion region)
    {
        _region = region;
        _current = Snapshot();
        _edge = new EdgeDispatcher(
            Options.Create(new FederationOptions()),
            this,
            this,
            this,
            new RoutingDirector(RoutingPolicies.ByName[RoutingPolicyNames.Default], 5),
            new InFlightLedger(),
            new Random(1),
            TimeProvider.System,
            NullLogger<EdgeDispatcher>.Instance,
            this,
            region);
    }

    /// <value>Number of attempts that a breaker would count as faults of the region.</value>
    public int Faults { get; private set; }

    public DirectorySnapshot Current => ReferenceEquals(_status, _region.Status) ? _current : _current = Snapshot();

    public async Task<InferReply> InferAsync(InferRequest request, CancellationToken cancellationToken) => (await _edge.InferAsync(request, cancellationToken)).Reply;

    public async Task<StreamOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken)
    {
        var opening = await _edge.OpenAsync(request, cancellationToken);
        return new StreamOpening(opening.Stream, opening.Refusal);
    }

    public async Task<DirectorySnapshot> WaitForChangeAsync(DirectorySnapshot known, CancellationToken cancellationToken)
    {
        while (ReferenceEquals(Current, known)) await Task.Delay(20, cancellationToken);
        return Current;
    }

    Task<InferReply> IRegionTransport.InferAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<StreamOpening> IRegionTransport.OpenAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    void IFailureReports.ReportFailure(string region, long incarnation) => Faults++;

    void IAttemptReports.Report(string region, long incarnation, AttemptOutcome outcome) => Faults += outcome == AttemptOutcome.Answered ? 0 : 1;

    private DirectorySnapshot Snapshot()
    {
        var status = _status = _region.Status;
        return new DirectorySnapshot
        {
            Edge = _region.Name,
            OwnRegion = _region.Name,
            Intent = new Intent
            {
                Epoch = 1,
                Regions = [new RegionMember { Name = _region.Name, Jurisdiction = "eu", Protocol = new Uri("http://127.0.0.1:1") }],
                Models = [.. status.Models.Select(model => new ModelDeclaration { Name = model.Model, Kind = "any", OwnedBy = "test" })],
            },
            Views = new Dictionary<string, RegionView>
            {
                [_region.Name] = new() { Name = _region.Name, Health = RegionHealth.Alive, Incarnation = 1, RoundTripMs = 1, Models = status.Models },
            }.ToFrozenDictionary(),
        };
    }
}
