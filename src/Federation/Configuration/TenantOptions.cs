namespace Meridian.Federation.Configuration;

/// <summary>What binds a tenant's data.</summary>
public sealed class TenantOptions
{
    /// <value>Name of the tenant; <c>default</c> is every caller who names none.</value>
    public string Name { get; set; } = "";

    /// <value>Jurisdictions that its data may enter, at least one. A tenant that may go anywhere is left out.</value>
    public List<string> Residency { get; set; } = [];
}
