namespace Meridian.Gateway.Reference;

/// <summary>A status that a route answers, for the API reference.</summary>
internal sealed record Answer(int Status, Type Body, string Description);
