namespace Meridian.Grains.Storage;

/// <summary>For a store whose health is not known, except by its answers to calls.</summary>
internal sealed class UnknownStoreHealth : IStoreHealth
{
    public string? Problem => null;

    public string? Refusal => null;
}
