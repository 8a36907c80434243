namespace Meridian.Grains.Storage;

/// <summary>How the region's store is, as far as this process can see.</summary>
public interface IStoreHealth
{
    /// <value>What an operator must know, in words: why it takes no changes, or what was lost of it. Null where all is well.</value>
    string? Problem { get; }

    /// <value>Why it takes no changes now; null where it does.</value>
    string? Refusal { get; }
}
