namespace Meridian.Silo.Configuration;

/// <summary>The stand-alone front door.</summary>
public sealed class FrontDoorOptions
{
    /// <value>Name under which regions and operators see it. Default <c>front-door</c>.</value>
    public string Name { get; set; } = "front-door";

    /// <value>Address it listens on. Default: from the port plan.</value>
    public Uri? Url { get; set; }

    /// <value>Jurisdiction of the front door, for example <c>eu</c>. If set, it receives no data that may not be there. Default: not declared, and not
    /// checked.</value>
    public string? Jurisdiction { get; set; }
}
