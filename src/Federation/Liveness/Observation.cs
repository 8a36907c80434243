using Meridian.Messages;

namespace Meridian.Federation.Liveness;

/// <summary>An event that a network callback noticed. Callbacks only report it. Only the liveness thread judges, so judging needs no lock.</summary>
/// <param name="Kind">Kind of event.</param>
/// <param name="Region">The region concerned.</param>
/// <param name="Timestamp">For <see cref="ObservationKind.Refused"/>: when the probe began; a region heard after that is not gone. For all others: when the
/// event was noticed.</param>
/// <param name="Status">With <see cref="ObservationKind.Heard"/>: the region's own status.</param>
/// <param name="SentTimestamp">With <see cref="ObservationKind.Heard"/>: when the beat was sent.</param>
/// <param name="Incarnation">With <see cref="ObservationKind.RequestFailed"/> and <see cref="ObservationKind.Hinted"/>: the incarnation concerned.</param>
/// <param name="Connection">With <see cref="ObservationKind.Heard"/>: number of the connection, counted in the order of opening.</param>
/// <param name="ClockOffMs">With <see cref="ObservationKind.Heard"/>: how far the region's wall clock is ahead of this observer's, ms, with an error of up to
/// half the round trip. NaN if the region does not send its clock.</param>
internal readonly record struct Observation(
    ObservationKind Kind, string Region, long Timestamp, RegionStatus? Status = null, long SentTimestamp = 0, long Incarnation = 0, long Connection = 0,
    double ClockOffMs = double.NaN);
