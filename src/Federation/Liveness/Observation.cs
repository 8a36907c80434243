using Meridian.Messages;

namespace Meridian.Federation.Liveness;

/// <summary>Something that a network callback saw. Callbacks only note it; the liveness thread alone judges, so judgement needs no lock.</summary>
/// <param name="Kind">What was seen.</param>
/// <param name="Region">Of which region.</param>
/// <param name="Timestamp">When: for <see cref="ObservationKind.Refused"/> when the knock began (a region heard later than that is not gone), otherwise when it was seen.</param>
/// <param name="Status">With <see cref="ObservationKind.Heard"/>: what the region says of itself.</param>
/// <param name="SentTimestamp">With <see cref="ObservationKind.Heard"/>: when the beat left.</param>
/// <param name="Incarnation">With <see cref="ObservationKind.RequestFailed"/> and <see cref="ObservationKind.Hinted"/>: whom it is about.</param>
/// <param name="Connection">With <see cref="ObservationKind.Heard"/>: the connection it came over, counted in the order of opening.</param>
/// <param name="ClockOffMs">With <see cref="ObservationKind.Heard"/>: how far the region's wall clock is ahead of this observer's, ms, as exactly as half the round trip; NaN where it does not tell.</param>
internal readonly record struct Observation(
    ObservationKind Kind, string Region, long Timestamp, RegionStatus? Status = null, long SentTimestamp = 0, long Incarnation = 0, long Connection = 0,
    double ClockOffMs = double.NaN);
