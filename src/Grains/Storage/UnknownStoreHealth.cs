namespace Meridian.Grains.Storage;

/// <summary>For a store that nothing is known of but its answers.</summary>
internal sealed class UnknownStoreHealth : IStoreHealth
{
    public string? Problem => null;

    public string? Refusal => null;
}
