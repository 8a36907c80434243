namespace Meridian.Grains.Storage;

/// <summary>The state of the region's store, as far as this process can see it.</summary>
public interface IStoreHealth
{
    /// <value>A message for the operator: why the store accepts no changes, or which data it lost. Null if there is no problem.</value>
    string? Problem { get; }

    /// <value>Why the store accepts no changes now. Null if it accepts changes.</value>
    string? Refusal { get; }
}
