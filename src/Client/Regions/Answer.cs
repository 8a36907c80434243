using Meridian.Messages;

namespace Meridian.Client.Regions;

/// <summary>The answer of a region: a value or a refusal. If both are null, the region broke its contract.</summary>
internal readonly record struct Answer<T>(T? Value, Refusal? Refusal)
    where T : class;
