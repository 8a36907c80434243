using Meridian.Messages;

namespace Meridian.Client.Regions;

/// <summary>What a region said: a value or a refusal. Neither means that it broke its contract.</summary>
internal readonly record struct Answer<T>(T? Value, Refusal? Refusal)
    where T : class;
