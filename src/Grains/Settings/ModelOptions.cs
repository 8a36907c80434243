using Meridian.Specs;

namespace Meridian.Grains.Settings;

/// <summary>A model that this region is configured to serve, and how its engines run. Used where no intent says so.</summary>
public sealed record ModelOptions : EngineSettings
{
    public ModelOptions()
    {
    }

    /// <summary>A model with these engine settings.</summary>
    public ModelOptions(EngineSettings engine)
        : base(engine)
    {
    }

    /// <value>Name that callers use and under which the package is installed. Letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</value>
    public string Name { get; set; } = "";

    /// <value>Number of replicas until someone requests another number. 0 to 64. Default 1.</value>
    public int Replicas { get; set; } = 1;

    /// <value>Version to serve. Null for the newest installed version.</value>
    public string? Version { get; set; }

    /// <value>Variant (precision) to serve. Null for the newest installed variant.</value>
    public string? Variant { get; set; }
}
