namespace Meridian.Gateway.Reference;

/// <summary>A status that a route can answer, for the API reference.</summary>
internal sealed record Answer(int Status, Type Body, string Description);
