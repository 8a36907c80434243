namespace Meridian.Gateway.Intake;

/// <summary>What a request says before its body.</summary>
/// <param name="Started">Timestamp of its arrival.</param>
/// <param name="DeadlineMs">The caller's deadline from then on, ms.</param>
/// <param name="Residency">Jurisdictions the data may enter, or null for no restriction.</param>
internal readonly record struct RequestHead(long Started, int DeadlineMs, string[]? Residency);
