namespace Meridian.Grains.Shards;

/// <summary>
/// Tells a shard the digest of the engine settings that its deployment wants. Problem: a shard takes its settings from the catalogue of its own silo, which may learn of a
/// change later than the deployment's silo. The digest travels beside the call, so silos of older builds ignore it.
/// </summary>
internal static class WantedSettings
{
    private const string Key = "meridian.settings";

    public static void Send(string digest) => RequestContext.Set(Key, digest);

    /// <summary>The digest that came with the present call, or null from an older build.</summary>
    public static string? Received => RequestContext.Get(Key) as string;
}
